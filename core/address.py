"""Addresses without their secrets. A query may be a signature and a login is a key: neither is shown, printed or stored.

shown("/vsicurl/https://example.org/city.tif?sig=abc")                     # "/vsicurl/https://example.org/city.tif"
name("https://example.org/city.tif?sig=abc")                               # "city.tif"
hidden("HTTP 403 on https://example.org/city.tif?sig=abc: access denied")  # "HTTP 403 on https://example.org/city.tif: access denied"
"""

from __future__ import annotations

import re
from urllib.parse import unquote

from .texts import well_formed

_VSI = r"/vsi(?:curl|s3|gs|az|adls|oss|swift|webhdfs|hdfs)(?:_streaming)?"  # GDAL's file systems behind a network
_SCHEME = r"(?:https?|ftps?|s3|gs):/+|[A-Za-z][A-Za-z0-9+.-]+://"  # pathlib leaves one slash of "https://"
_START = re.compile(f"{_VSI}[/?]|{_SCHEME}", re.IGNORECASE)
_ENCODED = re.compile(r"(?:https?|ftps?)%(?:25)*3A%(?:25)*2F", re.IGNORECASE)  # a URL inside of another one's query
_END = re.compile(r"[?#;&|]|%(?:25)*(?:3F|23|3B|26|7C)", re.IGNORECASE)  # the end of the file's name: parameters follow
_CLOSING = {'"': '"', "'": "'", "{": "}"}
_IN_TEXT = re.compile(rf"(?:{_VSI}[/?]|{_SCHEME}|{_ENCODED.pattern})[^\s\"<>]*", re.IGNORECASE)
_PUNCTUATION = ".,:;!)]}'`"  # of the sentence around an address
_PAIRS = re.compile(r"[A-Za-z]\w+:\s*[\w-]+=|[\w:.-]+=[^&\s]*(?:&|\s+)[\w:.-]+(?:=|&)")  # "PG:host=...", "type=xyz&url=..."
_LISTED = re.compile(  # harmless parameters of a QGIS source
    "crs|format|layers|styles|type|url|tileMatrixSet|tileDimensions|identifier|version|typename|srsname|table|schema|time|provider|"
    "interpretation|contextualWMSLegend|featureCount|dpiMode|tilePixelRatio|stepHeight|stepWidth|zmin|zmax"
)
_WORDS = re.compile(  # parameters of a database; a URL without quotes extends to the end
    rf"([\w:.-]+)=('(?:\\.|[^'\\])*'|\"[^\"]*\"|(?:{_START.pattern}).*|[^\s,;|]*)([\s,;]+|$)", re.IGNORECASE | re.DOTALL
)
_SECRET = re.compile(r"user|pass|pwd|key|token|secret|sig|auth|credential|header|cookie|session|account", re.IGNORECASE)
_ELEMENT = re.compile(r"(<(\w*(?:pwd|pass|key|token|secret|auth)\w*)>)[^<]*(?=</\2>)", re.IGNORECASE)  # of a GDAL service description
_OPTIONS = re.compile(r"\|(?:option|credential):.*", re.DOTALL)  # QGIS's, behind a raster's path
_LEAST = 6  # characters: a shorter value of a query is no key, and may be a word of a sentence


def shown(address: str) -> str:
    """The address of a raster, a layer or a server without its login, query and fragment; a path of this machine as it is.

    Accepts every source of GDAL or QGIS: URLs, /vsicurl/ and the like, archives around them, "NETCDF:...", inline XML, connection strings,
    the sources of WMS and XYZ layers. Bytes of a file name that are not UTF-8 become U+FFFD. Applied again, it changes nothing.
    """
    address = well_formed(address)
    if address.lstrip().startswith("<"):
        return hidden(address)
    address = _OPTIONS.sub("", address)
    start = _START.search(address)
    if _PAIRS.match(address) and (start is None or "=" in address[: start.start()]):
        return _listed(address) if "&" in address else _WORDS.sub(_pair, address).rstrip()
    if start is None:
        return shown(unquote(address)) if _ENCODED.match(address) else address
    closing = _CLOSING.get(address[start.start() - 1 : start.start()])
    end = address.rfind(closing) if closing else -1
    end = end if end >= start.end() else len(address)
    return address[: start.start()] + _bare(address[start.start() : end]) + address[end:]


def names_a_file(path: str) -> bool:
    """Whether this is the path of a file: no address, no file system of GDAL, no part of a file, no XML."""
    return re.match(r"/vsi|\s*<|\w{2,}:", path) is None


def name(address: str) -> str:
    """A short name for titles: the last part of the shown address."""
    parts = re.split(r"[\\/]+", shown(address).rstrip("\\/"))
    return parts[-1] or address


def hidden(text: str, *addresses: str) -> str:
    """A sentence (perhaps of another program) with `shown` applied to every address in it.

    addresses: those that were in use. Their queries and logins are removed everywhere, also without their address.
    """
    for address in addresses:
        if address and shown(address) != address:
            text = text.replace(address, shown(address))
            for key in _keys(address):
                text = text.replace(key, "...")
    return _ELEMENT.sub(r"\1", _IN_TEXT.sub(_in_text, text))


def titled(layer: str, source: str) -> str:
    """A layer's name without keys: QGIS may have made the name from a signed address."""
    return layer if shown(source) == source else hidden(layer, source).partition("?")[0] or name(source)


def _bare(url: str) -> str:
    """url: begins with a _START."""
    start = _START.match(url)
    head, rest = (url[: start.end()], url[start.end() :]) if start else ("", url)
    if head.endswith("?"):  # /vsicurl?url=...&header.Authorization=...
        inner = re.search(r"(?:^|&)url=([^&]*)", rest)
        return f"{head[:-1]}/{_bare(unquote(inner[1]))}" if inner else head[:-1]
    if _ENCODED.match(rest):
        rest = unquote(rest)
    return head + (_bare(rest) if _START.match(rest) else _without_login(rest))


def _without_login(rest: str) -> str:
    """rest: what follows the scheme."""
    place = re.split(r"[/\\?#]", rest, maxsplit=1)[0]
    behind = rest[len(place) :]
    host = re.split(r"@|%(?:25)*40", place)[-1]
    broken = host == place and ":" in place and "@" in rest and (behind[:1] in "?#" or not re.search(r":\d*$|\]$|\}$", place))
    if broken:  # a password with one of those signs in it: what of it is the host is not known
        return "..."
    rest = host + behind
    end = _END.search(rest)
    return rest[: end.start()] if end else rest


def _listed(source: str) -> str:
    """source: of a WMS or XYZ layer, pairs between "&"."""
    pairs = [pair.partition("=") for pair in source.split("&")]
    return "&".join(key + equals + _value(value) for key, equals, value in pairs if _LISTED.fullmatch(key))


def _pair(pair: re.Match[str]) -> str:
    key, value, separator = pair.groups()
    return "" if _SECRET.search(key) else f"{key}={_value(value)}{separator}"


def _value(value: str) -> str:
    return shown(unquote(value)) if _START.search(value) or _ENCODED.match(value) else value


def _in_text(match: re.Match[str]) -> str:
    address = match[0].rstrip(_PUNCTUATION)
    return shown(address) + match[0][len(address) :]


def _keys(address: str) -> list[str]:
    """The login and the query of an address, as a whole and by value, the longest first."""
    keys = set()
    for each in (address, unquote(address)):
        query = each.partition("?")[2]
        login = re.search(r"://([^/?#]*)@", each)
        keys |= {query, *(pair.partition("=")[2] for pair in re.split(r"[&;#|/]", query))}
        keys |= {login[1], login[1].partition(":")[2]} if login else set()
    return sorted((key for key in keys if len(key) >= _LEAST), key=len, reverse=True)
