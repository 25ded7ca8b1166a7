"""The attachments of an inbound text, which are kept by link."""

from collections.abc import Iterable

from chalicelib.providers.contract import MalformedRequest, Media

# Far above any MMS. A text is stored with all of its links in one item of at most 400 KB.
LINKS = 50
LINK_BYTES = 2000
TYPE_CHARACTERS = 200


def of_links(found: Iterable[tuple[str, str | None] | tuple[str, str | None, int | None]]) -> tuple[Media, ...]:
    """Attachments by link, content type ("" or None where it is not told) and perhaps size; blank links are none.

    Raises MalformedRequest for more than 50, and for a link or a type too long to be one.
    """
    kept = [Media(link.strip(), kind or None, *size) for link, kind, *size in found if link.strip()]
    if len(kept) > LINKS:
        raise MalformedRequest("too many attachments")
    if any(len(media.url.encode()) > LINK_BYTES or len(media.content_type or "") > TYPE_CHARACTERS for media in kept):
        raise MalformedRequest("attachment too long")
    return tuple(kept)
