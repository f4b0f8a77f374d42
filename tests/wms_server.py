"""A local WMS 1.3.0 and WMTS 1.0.0 of one layer, in EPSG:3857, whose pixels encode their place.

with MapServer() as server:
    QgsRasterLayer(server.wms, "map", "wms"), QgsRasterLayer(server.wmts, "map", "wms")
    server.broken = True        # from now on: a service exception with status 200, as such servers do
"""

from __future__ import annotations

import contextlib
import io
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import numpy as np
from PIL import Image
from tile_server import WORLD, resolution, tile

GRID = 1000.0  # metres: a cell has one colour
WMS = """<?xml version="1.0"?><WMS_Capabilities version="1.3.0" xmlns="http://www.opengis.net/wms" xmlns:xlink="http://www.w3.org/1999/xlink">
<Service><Name>WMS</Name><Title>cells</Title></Service><Capability><Request>
<GetCapabilities><Format>text/xml</Format><DCPType><HTTP><Get><OnlineResource xlink:href="{url}?"/></Get></HTTP></DCPType></GetCapabilities>
<GetMap><Format>image/png</Format><DCPType><HTTP><Get><OnlineResource xlink:href="{url}?"/></Get></HTTP></DCPType></GetMap></Request>
<Layer><Title>all</Title><CRS>EPSG:3857</CRS><Layer><Name>cells</Name><Title>cells</Title><CRS>EPSG:3857</CRS>
<EX_GeographicBoundingBox><westBoundLongitude>-180</westBoundLongitude><eastBoundLongitude>180</eastBoundLongitude>
<southBoundLatitude>-85</southBoundLatitude><northBoundLatitude>85</northBoundLatitude></EX_GeographicBoundingBox>
<BoundingBox CRS="EPSG:3857" minx="0" miny="0" maxx="4000000" maxy="4000000"/></Layer></Layer></Capability></WMS_Capabilities>"""
WMTS = """<?xml version="1.0"?><Capabilities xmlns="http://www.opengis.net/wmts/1.0" xmlns:ows="http://www.opengis.net/ows/1.1"
 xmlns:xlink="http://www.w3.org/1999/xlink" version="1.0.0"><ows:ServiceIdentification><ows:Title>tiles</ows:Title>
<ows:ServiceType>OGC WMTS</ows:ServiceType><ows:ServiceTypeVersion>1.0.0</ows:ServiceTypeVersion></ows:ServiceIdentification><Contents>
<Layer><ows:Title>tiles</ows:Title><ows:Identifier>tiles</ows:Identifier>
<Style isDefault="true"><ows:Identifier>default</ows:Identifier></Style>
<Format>image/png</Format><TileMatrixSetLink><TileMatrixSet>world</TileMatrixSet></TileMatrixSetLink>
<ResourceURL format="image/png" resourceType="tile" template="{url}/wmts/{{TileMatrix}}/{{TileCol}}/{{TileRow}}.png"/></Layer>
<TileMatrixSet><ows:Identifier>world</ows:Identifier><ows:SupportedCRS>urn:ogc:def:crs:EPSG::3857</ows:SupportedCRS>{matrices}</TileMatrixSet>
</Contents></Capabilities>"""
MATRIX = """<TileMatrix><ows:Identifier>{level}</ows:Identifier><ScaleDenominator>{scale!r}</ScaleDenominator>
<TopLeftCorner>{left!r} {top!r}</TopLeftCorner><TileWidth>256</TileWidth><TileHeight>256</TileHeight>
<MatrixWidth>{count}</MatrixWidth><MatrixHeight>{count}</MatrixHeight></TileMatrix>"""
EXCEPTION = b'<?xml version="1.0"?><ServiceExceptionReport><ServiceException>Quota exceeded</ServiceException></ServiceExceptionReport>'


def cells(left: float, top: float, width: int, height: int, pixel: float) -> np.ndarray:
    """What the WMS shows there, uint8 (height, width, 3): the cell's column and row modulo 256, and 200."""
    columns = np.floor((left + (np.arange(width) + 0.5) * pixel) / GRID)[None, :] % 256
    rows = np.floor((top - (np.arange(height) + 0.5) * pixel) / GRID)[:, None] % 256
    return np.stack(np.broadcast_arrays(columns, rows, 200.0), axis=-1).astype(np.uint8)


class MapServer:
    def __init__(self) -> None:
        self.broken = False
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def wms(self) -> str:
        return f"crs=EPSG:3857&format=image/png&layers=cells&styles=&url={self.url}/wms"

    @property
    def wmts(self) -> str:
        return f"crs=EPSG:3857&format=image/png&layers=tiles&styles=default&tileMatrixSet=world&url={self.url}/wmts.xml"

    def __enter__(self) -> MapServer:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                address = urlsplit(self.path)
                asked = {name.lower(): values[0] for name, values in parse_qs(address.query).items()}
                if address.path == "/wmts.xml":
                    self._send("text/xml", WMTS.format(url=server.url, matrices="".join(map(_matrix, range(6)))).encode())
                elif address.path == "/wms" and asked.get("request") == "GetCapabilities":
                    self._send("text/xml", WMS.format(url=f"{server.url}/wms").encode())
                elif server.broken:
                    self._send("text/xml", EXCEPTION)
                elif address.path == "/wms":
                    left, _, right, top = map(float, asked["bbox"].split(","))
                    width, height = int(asked["width"]), int(asked["height"])
                    self._picture(cells(left, top, width, height, (right - left) / width))
                else:
                    _, column, row = address.path.removesuffix(".png").rsplit("/", 2)
                    self._picture(tile(int(column), int(row)))

            def _picture(self, pixels: np.ndarray) -> None:
                file = io.BytesIO()
                Image.fromarray(pixels).save(file, "PNG")
                self._send("image/png", file.getvalue())

            def _send(self, kind: str, body: bytes) -> None:
                with contextlib.suppress(ConnectionError):
                    self.send_response(200)
                    self.send_header("Content-Type", kind)
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        return Handler


def _matrix(level: int) -> str:
    return MATRIX.format(level=level, scale=resolution(level) / 0.00028, left=-WORLD, top=WORLD, count=2**level)
