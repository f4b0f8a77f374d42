"""Rows out of STAC items: a file of items (an item collection, or a table that has them), or a search of an API.

An item gives one row: one of its assets is asked about. The id is that of the item, after its collection's.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from ...core.address import hidden, shown
from ...core.errors import BackendError, DataError, UsageError

SCHEMES = {"s3://": "/vsis3/", "gs://": "/vsigs/"}  # GDAL's names
VISUAL = ("visual", "data")  # roles of an asset, the likeliest first
LISTED = 12  # assets named in a sentence


@dataclass(frozen=True)
class Search:
    """What an API is asked for. collections: their ids. bbox: west, south, east, north in degrees. datetime: a time or a span, as
    "2024-06" or "2024-06-01/2024-06-30". limit: items at the most; None: all."""

    collections: tuple[str, ...] = ()
    bbox: tuple[float, ...] | None = None
    datetime: str | None = None
    limit: int | None = None


def items_of(path: Path, features: Iterable[Any]) -> Iterator[dict[str, Any]]:
    """The items of a file; one that is none has the reason as `error`. features: what the file holds. Raises BackendError where pystac is
    missing."""
    pystac = _installed("pystac")
    for at, feature in enumerate(features, 1):
        try:
            item = pystac.Item.from_dict(feature, preserve_dict=False)
        except Exception as error:  # of whatever the file holds, pystac raises errors of all kinds
            reason = str(error).rstrip(".") if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"
            why = DataError(f"Feature {at} of {path.name} is not a STAC item: {reason}.", "Search again, or leave it out.")
            yield {"id": str(at), "error": why.to_dict()}
            continue
        yield _with_addresses(item.to_dict(transform_hrefs=False), item.get_self_href() or os.path.abspath(path))


def search(url: str, wanted: Search) -> Iterator[dict[str, Any]]:
    """The items that an API finds, page by page. Raises DataError where it can't be asked or finds none."""
    client = _installed("pystac_client")
    found = 0
    try:
        catalogue = client.Client.open(url)
        query = {"collections": list(wanted.collections) or None, "bbox": wanted.bbox, "datetime": wanted.datetime}
        for item in catalogue.search(**query, max_items=wanted.limit).items_as_dicts():
            found += 1
            self_link = next((str(link.get("href")) for link in item.get("links", ()) if link.get("rel") == "self"), url)
            yield _with_addresses(item, self_link)
    except Exception as error:  # requests', pystac's, an answer that is no STAC
        reason = hidden(" ".join(str(error).split()) or type(error).__name__, url)[:300].rstrip(".")
        raise DataError(f"{shown(url)} can't be searched: {reason}.", "Give the address of a STAC API's first page.") from error
    if not found:
        raise DataError(f"{shown(url)} finds no item.", "Ask for another collection, place (--bbox) or time (--datetime).")


def rows(items: Iterable[Mapping[str, Any]], asset: str) -> Iterator[dict[str, Any]]:
    """The id and the path of each item's asset; an item without it gives the reason as `error`. asset: its name; "": the only one with a
    role of VISUAL. Raises UsageError where the first item has several that may be meant."""
    for item in items:
        if "error" in item:
            yield dict(item)
            continue
        assets: Mapping[str, Any] = {name: each for name, each in (item.get("assets") or {}).items() if each}
        asset = asset or _likely(item)
        collection = item.get("collection")
        row = {"id": f"{collection}/{item['id']}" if collection else str(item["id"])}
        href = assets.get(asset, {}).get("href")
        if not href:
            error = DataError(f"The item {item['id']} has no asset {asset!r}.", f"Its assets are {_listed(assets)}.")
            yield {**row, "error": error.to_dict()}
            continue
        scheme = next((scheme for scheme in SCHEMES if href.startswith(scheme)), None)
        yield {**row, "path": SCHEMES[scheme] + href[len(scheme) :] if scheme else href}


def _likely(item: Mapping[str, Any]) -> str:
    """The name of the asset that a person who names none will mean."""
    assets = {name: each for name, each in (item.get("assets") or {}).items() if each}
    for role in VISUAL:
        names = [name for name, each in assets.items() if role in (each.get("roles") or ())]
        if len(names) == 1:
            return str(names[0])
    if len(assets) == 1:
        return str(next(iter(assets)))
    raise UsageError(f"The item {item.get('id')} has several assets.", f"Choose one with --asset: {_listed(assets)}.")


def _listed(assets: Iterable[str]) -> str:
    names = list(assets)
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return (", ".join(names[:LISTED]) or "none") + more


def _with_addresses(item: Mapping[str, Any], base: str) -> dict[str, Any]:
    """The item with whole addresses of its assets, which may be relative to it. base: the item's own address."""
    assets = {
        name: {**each, "href": _address(str(each["href"]), base)} if each.get("href") else each for name, each in item["assets"].items()
    }
    return {**item, "assets": assets}


def _address(href: str, base: str) -> str:
    if "://" in href or href.startswith("/"):
        return href
    joined = urljoin(base if "://" in base else Path(base).resolve().as_uri(), href)
    return joined[len("file://") :] if joined.startswith("file://") else joined


def _installed(name: str) -> Any:
    """A package of the extra `stac`. Raises BackendError where it is not installed."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise BackendError(f"STAC needs the package {name.replace('_', '-')}.", "Install it: pip install 'zoomearth[stac]'") from error
