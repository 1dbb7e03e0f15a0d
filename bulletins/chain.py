"""The order in which the bulletins of a home were issued: each names the one before it.

Bulletins of the older format name none, and are no part of the chain but its beginning.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from bulletins.manifest import FORMAT, Link, Manifest
from features.errors import InputError

_HEAD = re.compile(r"([0-9a-z-]{1,40}):([0-9a-f]{64})")


def head_of(manifests: Sequence[Manifest]) -> Manifest | None:
    """Return the bulletin that was issued last, None without any."""
    chained = [manifest for manifest in manifests if manifest.format == FORMAT]
    named = {manifest.chain.id for manifest in chained if manifest.chain is not None}
    last = [m for m in chained if m.id not in named | _known_lost(chained)]
    return max(last or manifests, key=lambda m: (m.issued_at, m.id), default=None)


def lost_from(manifests: Sequence[Manifest]) -> set[str]:
    """Return the ids that bulletins name as issued before them, are not there, and not `lost`."""
    named = {manifest.chain.id for manifest in manifests if manifest.chain is not None}
    return named - {manifest.id for manifest in manifests} - _known_lost(manifests)


def chain_faults(manifests: Sequence[Manifest], hashes: dict[str, str]) -> Iterator[str]:
    """Yield what is wrong with the chain, a sentence each; `hashes` are of manifests, by id."""
    for bulletin in sorted(lost_from(manifests)):
        yield (
            f"{bulletin} was issued and is gone: restore it from a backup; the next bulletin that "
            "is published will say so"
        )
    by_id = {manifest.id: manifest for manifest in manifests}
    for manifest in manifests:
        link = manifest.chain
        if link is not None and link.id in by_id:
            yield from _link_faults(
                by_id[link.id], manifest, is_same=hashes[link.id] == link.sha256
            )
    followers = defaultdict(list)
    for manifest in manifests:
        if manifest.format == FORMAT and manifest.id not in _known_lost(manifests):
            followers[manifest.chain and manifest.chain.id].append(manifest.id)
    for before, rivals in followers.items():
        if len(rivals) > 1:
            where = "begin the chain" if before is None else f"follow {before}"
            yield (
                f"{' and '.join(sorted(rivals))} {where}, and one alone can: move away what was "
                "issued elsewhere"
            )


def parse_head(text: str) -> Link:
    """Return the end of a chain that was noted as `ID:SHA256`; raises InputError for others."""
    match = _HEAD.fullmatch(text.strip().lower())
    if match is None:
        raise InputError(
            f"'{text}' is not the end of a chain: give ID:SHA256 as `tocsin verify` printed it"
        )
    return Link(id=match[1], sha256=match[2])


def noted_faults(noted: Link | None, hashes: dict[str, str]) -> Iterator[str]:
    """Yield why a chain does not go on from the end that was noted; `hashes` are of manifests.

    A chain that was written anew as a whole is in itself without fault; what was noted elsewhere
    finds it, and by the links from there everything issued before.
    """
    if noted is not None and hashes.get(noted.id) != noted.sha256:
        state = "is not the one that was noted" if noted.id in hashes else "was noted and is gone"
        yield f"{noted.id} {state}: what was issued has been changed since; restore a backup"


def _link_faults(before: Manifest, after: Manifest, *, is_same: bool) -> Iterator[str]:
    if not is_same:
        yield f"{before.id} is not the one that {after.id} follows: restore it from a backup"
    if before.issued_at > after.issued_at:
        yield (
            f"{after.id} says that it was issued earlier than {before.id}, which it follows: a "
            "clock was wrong; move the one that is wrong away and publish again"
        )


def _known_lost(manifests: Sequence[Manifest]) -> set[str]:
    return {bulletin for manifest in manifests for bulletin in manifest.lost}
