"""The simulator's HTTP server: a provider's API below `/{provider}`, the control calls beside it."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from dev.simulator.contract import Answer, ApiRequest
from dev.simulator.control import Control, ControlError
from dev.simulator.exchange import Exchange

MAX_BODY = 1024 * 1024


class Server(ThreadingHTTPServer):
    """Listens on 127.0.0.1 only; one thread per request, none of which holds up a stop."""

    request_queue_size = 256
    daemon_threads = True

    def __init__(self, port: int, exchange: Exchange) -> None:
        """Port 0 takes a free one; raises OSError when the port is taken."""
        super().__init__(("127.0.0.1", port), Handler)
        self.exchange = exchange
        self.control = Control(exchange)

    @property
    def url(self) -> str:
        """Where the simulator answers."""
        return f"http://127.0.0.1:{self.server_port}"

    def stop(self) -> None:
        """End waiting answers and the serving loop; call it from another thread than that of serve_forever."""
        self.exchange.stopping.set()
        self.shutdown()


class Handler(BaseHTTPRequestHandler):
    """One request per connection (HTTP/1.0), so that no client reuses a connection that was just closed."""

    server: Server
    timeout = 30  # seconds of silence before a half-sent request is dropped

    def _serve(self) -> None:
        try:
            answer = self._answer()
        except ControlError as error:
            answer = Answer.of_json(error.status, error.document)
        if answer is None:
            return
        try:
            self.send_response(answer.status)
            for name, value in {**answer.headers, "Content-Length": str(len(answer.body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body)
        except ConnectionError:
            return  # the app stopped waiting

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = _serve

    def _answer(self) -> Answer | None:
        parts = urlsplit(self.path)
        name, _, rest = parts.path.lstrip("/").partition("/")
        provider = self.server.exchange.providers.get(name)
        if provider:
            headers = {key.lower(): value for key, value in self.headers.items()}
            call = ApiRequest(self.command, f"/{rest}", headers, self._body(), parts.query)
            return self.server.exchange.call(provider, call)
        status, document = self.server.control.serve(self.command, parts.path, parts.query, self._body())
        return Answer(status, {"Content-Type": "application/json"}, json.dumps(document).encode())

    def _body(self) -> bytes:
        length = self.headers.get("Content-Length", "0")
        if not (length.isascii() and length.isdigit()):
            raise ControlError("Content-Length", "must be a number")
        if int(length) > MAX_BODY:
            raise ControlError("body", f"is longer than {MAX_BODY} bytes", status=413)
        return self.rfile.read(int(length))

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing: paths hold customers' numbers."""
