"""Signatures and logins in addresses are secrets: no text shows them, and paths of this machine stay readable."""

import re
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from zoomearth.core.address import hidden, name, shown

KEY = "TOPSECRET"
SIGNED = f"http://127.0.0.1:8768/a/city.tif?sig={KEY}"
QGIS_URL = quote(f"https://user:{KEY}@tiles.example/{{z}}/{{x}}/{{y}}.png?access_token={KEY}&v=1", safe="")


@pytest.mark.parametrize(
    ("address", "wanted"),
    [
        (SIGNED, "http://127.0.0.1:8768/a/city.tif"),
        (f"https://user:{KEY}@example.org:8443/city.tif", "https://example.org:8443/city.tif"),
        (f"https://{KEY}@example.org/city.tif#{KEY}", "https://example.org/city.tif"),
        (f"https://us@er:{KEY}@example.org/city.tif", "https://example.org/city.tif"),
        (f"https://user:a;b&{KEY}@example.org/city.tif", "https://example.org/city.tif"),
        (f"https://user:a?{KEY}@example.org/city.tif", "https://..."),
        (f"https://user:1?{KEY}@example.org/city.tif", "https://..."),
        (f"https://user:a/{KEY}@example.org/city.tif", "https://..."),
        (f"https://user%3A{KEY}%40example.org/city.tif", "https://example.org/city.tif"),
        (f"https:/example.org/city.tif?sig={KEY}", "https:/example.org/city.tif"),
        (f"http://example.org/city.tif;jsessionid={KEY}", "http://example.org/city.tif"),
        ("http://[::1]:8000/v1", "http://[::1]:8000/v1"),
        ("http://example.org:8000/v1@2/x", "http://example.org:8000/v1@2/x"),
        (f"/vsicurl/{SIGNED}", "/vsicurl/http://127.0.0.1:8768/a/city.tif"),
        (f"/vsicurl_streaming/{SIGNED}", "/vsicurl_streaming/http://127.0.0.1:8768/a/city.tif"),
        (f"/vsicurl?url={quote(SIGNED, safe='')}&header.Authorization=Bearer%20{KEY}", "/vsicurl/http://127.0.0.1:8768/a/city.tif"),
        (f"/vsicurl?header.X={KEY}&url={SIGNED}", "/vsicurl/http://127.0.0.1:8768/a/city.tif"),
        (f"/vsicurl?header.X={KEY}", "/vsicurl"),
        (f"/vsizip//vsicurl/http://example.org/a.zip?sig={KEY}/in/city.tif", "/vsizip//vsicurl/http://example.org/a.zip"),
        (f"/vsizip/{{/vsicurl/http://example.org/a.zip?sig={KEY}}}/in/city.tif", "/vsizip/{/vsicurl/http://example.org/a.zip}/in/city.tif"),
        (f"/vsis3/bucket/city.tif?X-Amz-Signature={KEY}", "/vsis3/bucket/city.tif"),
        (f"s3://bucket/city.tif?AWSAccessKeyId={KEY}", "s3://bucket/city.tif"),
        (f'NETCDF:"/vsicurl/https://example.org/a.nc?sig={KEY}":wind', 'NETCDF:"/vsicurl/https://example.org/a.nc":wind'),
        (f"WMS:https://u:{KEY}@example.org/wms?LAYERS=a&key={KEY}", "WMS:https://example.org/wms"),
        (f"PG:host=db user='me' password='a {KEY}' table='t'", "PG:host=db table='t'"),
        (f"PLMosaic:mosaic=a,api_key={KEY}", "PLMosaic:mosaic=a,"),
        (f"/data/locked.pdf|option:USER_PWD={KEY}", "/data/locked.pdf"),
        (f"crs=EPSG:3857&type=xyz&url={QGIS_URL}&zmax=19", "crs=EPSG:3857&type=xyz&url=https://tiles.example/{z}/{x}/{y}.png&zmax=19"),
        (f"type=xyz&url=https://t.example/{{z}}?t={KEY}&zmin=0", "type=xyz&url=https://t.example/{z}&zmin=0"),
        (
            f"authcfg={KEY}&crs=EPSG:4326&layers=a&password={KEY}&styles&url=http://h/wms?map%3D{KEY}&username={KEY}",
            "crs=EPSG:4326&layers=a&styles&url=http://h/wms",
        ),
        (f"crs='EPSG:3857' layer='0' url='http://h/arcgis?token={KEY}' authcfg='{KEY}'", "crs='EPSG:3857' layer='0' url='http://h/arcgis'"),
        (f"crs=EPSG:4326&http-header:authorization=Bearer {KEY}&url=http://h/wms", "crs=EPSG:4326&url=http://h/wms"),
        (
            f"<GDAL_WMS><ServerUrl>http://h/wms?key={KEY}&amp;</ServerUrl><UserPwd>me:{KEY}</UserPwd></GDAL_WMS>",
            "<GDAL_WMS><ServerUrl>http://h/wms;</ServerUrl><UserPwd></UserPwd></GDAL_WMS>",
        ),
    ],
)
def test_what_is_shown_of_an_address(address, wanted):
    assert shown(address) == wanted
    assert KEY not in shown(address)
    assert shown(wanted) == wanted


@pytest.mark.parametrize(
    "path",
    [
        "city.tif",
        "/data/what?/a@b.tif",
        "/data/sig=1&token=2/city#3.tif",
        "/data/year=2024/key=3/city.tif",
        r"C:\maps\what?\a@b;c.tif",
        "C:/maps/a@b.tif?x=1",
        r"\\server\share\a@b.tif",
        "//server/share/a@b#1.tif",
        "/vsizip//data/a?b@c.zip/city.tif",
        "/vsimem/a?b.tif",
        'NETCDF:"/data/key=3/a@b.nc":wind',
        "/data/roofs.gpkg|layername=roofs",
        "my key=3.tif",
        "",
    ],
)
def test_a_path_of_this_machine_stays_as_it_is(path):
    assert shown(path) == path


WORD = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="/?#@\\"), min_size=1, max_size=8)
WRAPPED = st.sampled_from(["{}", "/vsicurl/{}", "/vsizip//vsicurl/{}", "/vsizip/{{/vsicurl/{}}}/a.tif", 'NETCDF:"{}":v', "url={}"])


@given(WRAPPED, WORD, WORD, st.text(max_size=9), st.booleans())
@example("{}", "a", "b", "x@y", False)
@example("{}", "a", "[", "", False)
def test_no_login_and_no_query_is_ever_shown(wrapping, user, word, more, encoded):
    login = f"{quote(user, safe='')}:{quote(word, safe='')}{KEY}" if encoded else f"{user}:{word}{KEY}"
    address = wrapping.format(f"https://{login}@example.org/city.tif?{word}={KEY}{more}{KEY}#{KEY}")
    assert KEY not in shown(address)
    assert shown(shown(address)) == shown(address)
    assert KEY not in hidden(f"HTTP error on {address}: denied", address)


@given(st.text())
def test_any_text_is_taken(text):
    assert shown(shown(text)) == shown(text)
    name(text)
    hidden(text, text)


@given(st.from_regex(r"/?(?:[\w.@?#& -]+/){0,3}[\w.@?#& -]+\.tif", fullmatch=True, alphabet=st.characters(max_codepoint=255)))
def test_a_path_is_never_changed(path):
    assert shown(path) == path


def test_a_title_is_the_files_name():
    assert name(SIGNED) == "city.tif"
    assert name("/data/what?/a@b.tif") == "a@b.tif"
    assert name(f"https://example.org/?sig={KEY}") == "example.org"
    assert name(f"/vsizip/{{/vsicurl/http://example.org/a.zip?sig={KEY}}}/in/city.tif") == "city.tif"


def test_what_another_program_says_of_an_address():
    text = (
        f"`/vsicurl/{SIGNED}' does not exist, and 'http://u:{KEY}@h/x' neither (HTTP 403, http://h/y?{KEY}). See https://gdal.org/x.html."
    )
    wanted = "`/vsicurl/http://127.0.0.1:8768/a/city.tif' does not exist, and 'http://h/x' neither (HTTP 403, http://h/y). "
    assert hidden(text) == wanted + "See https://gdal.org/x.html."
    assert hidden(f"no access with sig={KEY}", SIGNED) == "no access with ..."
    assert hidden(f"the key {KEY} is expired", SIGNED) == "the key ... is expired"
    assert KEY not in hidden(f"http://h/a b?x={KEY} z failed", f"http://h/a b?x={KEY} z")
    assert re.search("[?]", hidden("/data/what?.tif can't be read", "/data/what?.tif"))
