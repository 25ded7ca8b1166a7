"""Start the provider simulator: `python -m dev.simulator`."""

import argparse
import signal
import threading
from pathlib import Path

from dev.simulator import providers
from dev.simulator.accounts import Accounts
from dev.simulator.exchange import Exchange
from dev.simulator.server import Server


def main() -> None:
    """Serve until SIGTERM or Ctrl-C."""
    arguments = argparse.ArgumentParser(prog="python -m dev.simulator", description=__doc__)
    arguments.add_argument("--port", type=int, default=4580, help="on 127.0.0.1; 0 takes a free one")
    arguments.add_argument("--state", type=Path, help="JSON file that keeps the registered accounts")
    arguments.add_argument("--dev-json", type=Path, help="the running app, asked about accounts not registered here")
    arguments.add_argument("--report-delay", type=float, default=0.3, help="seconds from an answer to its reports")
    given = arguments.parse_args()
    accounts = Accounts(given.state, given.dev_json)
    server = Server(given.port, Exchange(providers.load(), accounts, given.report_delay))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=server.stop).start())
    print(f"provider simulator on {server.url}", flush=True)
    server.serve_forever()
    server.server_close()


if __name__ == "__main__":
    main()
