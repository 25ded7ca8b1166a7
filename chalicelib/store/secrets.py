"""Secret credentials: encrypted with the stack's KMS key for one account, and decrypted where they are needed."""

import base64
from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from typing import Any

from chalicelib.aws import client
from chalicelib.config import settings


def seal(account_id: str, credentials: Mapping[str, str | list[str]], secret: Collection[str]) -> dict[str, Any]:
    """Credentials as they are stored: those named in `secret` as `{"sealed": [ciphertext]}`, the others as they are.

    A secret, or a public key, may have several values while it is being rotated; the first is the one to send with.
    """
    return {
        name: {"sealed": [_encrypt(account_id, one) for one in values_of(value)]} if name in secret else value
        for name, value in credentials.items()
    }


def values_of(value: str | list[str]) -> list[str]:
    """A credential's values, whether it was given as one or as a list."""
    return [value] if isinstance(value, str) else value


def reveal(account_id: str, stored: Mapping[str, Any]) -> dict[str, str]:
    """The credentials to send with, in the clear; raises botocore's error where the key refuses."""
    return {
        name: _decrypt(account_id, value["sealed"][0]) if isinstance(value, dict) else values_of(value)[0]
        for name, value in stored.items()
    }


def further(account_id: str, stored: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Name and value of every further value of what is being rotated, decrypted one by one."""
    for name, value in stored.items():
        if isinstance(value, dict):
            yield from ((name, _decrypt(account_id, ciphertext)) for ciphertext in value["sealed"][1:])
        else:
            yield from ((name, further) for further in values_of(value)[1:])


def _context(account_id: str) -> dict[str, str]:
    """Binds a ciphertext to its account: copied to another one, it cannot be decrypted."""
    return {"account": account_id}


def _encrypt(account_id: str, value: str) -> str:
    answer = client("kms").encrypt(
        KeyId=settings().kms_key, Plaintext=value.encode(), EncryptionContext=_context(account_id)
    )
    return base64.b64encode(answer["CiphertextBlob"]).decode()


@lru_cache(maxsize=256)
def _decrypt(account_id: str, ciphertext: str) -> str:
    answer = client("kms").decrypt(
        KeyId=settings().kms_key,
        CiphertextBlob=base64.b64decode(ciphertext),
        EncryptionContext=_context(account_id),
    )
    return answer["Plaintext"].decode()
