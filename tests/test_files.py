"""A replaced file is the complete new one, and no rest of the old file is read with it."""

import os
import sqlite3
import subprocess
import sys

import pytest

from zoomearth.core.atomic import SQLITE_PARTS, beside, write_whole


def table(path, value):
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE t (v)")
    database.execute("INSERT INTO t VALUES (?)", [value])
    database.commit()
    return database


def value(path):
    database = sqlite3.connect(path)
    try:
        return database.execute("SELECT v FROM t").fetchone()[0]
    finally:
        database.close()


def test_a_database_that_somebody_edits_is_replaced_and_its_edits_are_not_laid_over_the_new_one(tmp_path):
    path = tmp_path / "rois.gpkg"
    open_elsewhere = table(path, "old")
    open_elsewhere.execute("PRAGMA journal_mode = WAL")
    open_elsewhere.execute("UPDATE t SET v = 'edited'")
    open_elsewhere.commit()
    assert (tmp_path / "rois.gpkg-wal").exists()
    with beside(path) as new:
        table(new, "new").close()
    assert value(path) == "new"
    open_elsewhere.close()
    assert value(path) == "new"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["rois.gpkg"]


@pytest.mark.parametrize("part", SQLITE_PARTS)
def test_journals_go_with_the_database_they_belong_to_and_come_back_with_it(tmp_path, part):
    path, journal = tmp_path / "rois.gpkg", tmp_path / f"rois.gpkg{part}"
    path.mkdir()  # can't be replaced
    (path / "inside").touch()
    journal.write_text("of the old one")
    with pytest.raises(IsADirectoryError), beside(path) as new:
        new.write_text("new")
    assert journal.read_text() == "of the old one"
    (path / "inside").unlink()
    path.rmdir()
    write_whole(path, "new")
    assert list(tmp_path.iterdir()) == [path]


def test_old_indexes_and_an_old_projection_of_a_shapefile_go_whatever_their_case_and_its_style_stays(tmp_path):
    for name in ("a.shp", "a.dbf", "a.PRJ", "a.sbn", "a.qix", "a.qml", "a.shp.xml", "ab.prj"):
        (tmp_path / name).write_text("old")
    with beside(tmp_path / "a.shp") as new:
        for suffix in (".shp", ".shx", ".dbf"):
            new.with_suffix(suffix).write_text("new")
    there = {each.name: each.read_text() for each in tmp_path.iterdir()}
    assert there == {**dict.fromkeys(("a.shp", "a.shx", "a.dbf"), "new"), **dict.fromkeys(("a.qml", "a.shp.xml", "ab.prj"), "old")}


@pytest.mark.parametrize("letter", ["n", "é", "船"])
@pytest.mark.parametrize("suffix", [".gpkg", ".shp", ".png", ""])
def test_a_name_is_taken_that_the_file_system_takes(tmp_path, letter, suffix):
    longest = os.pathconf(tmp_path, "PC_NAME_MAX")
    path = tmp_path / (letter * ((longest - len(suffix)) // len(letter.encode())) + suffix)
    for content in ("old", "new"):
        write_whole(path, content)
    assert path.read_text() == "new"
    with pytest.raises(OSError, match="too long"):
        write_whole(tmp_path / ("n" * longest + ".gpkg"), "new")
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_stays_one_and_what_it_names_is_replaced(tmp_path):
    (tmp_path / "far").mkdir()
    target, link = tmp_path / "far" / "data.db", tmp_path / "rois.gpkg"
    target.write_text("old")
    link.symlink_to(target)
    write_whole(link, "new")
    assert link.is_symlink()
    assert target.read_text() == "new"
    assert [each.name for each in target.parent.iterdir()] == ["data.db"]


def test_a_folder_appears_whole(tmp_path):
    with beside(tmp_path / "model") as new:
        new.mkdir()
        (new / "config.json").write_text("{}")
        assert not (tmp_path / "model").exists()
    assert [each.name for each in (tmp_path / "model").iterdir()] == ["config.json"]


KILLED = """
import os, signal, sys
from pathlib import Path
from zoomearth.core.atomic import beside
with beside(Path(sys.argv[1])) as new:
    new.write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_writer_that_is_killed_leaves_the_old_file(tmp_path):
    path = tmp_path / "figure.png"
    path.write_text("old")
    assert subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False).returncode < 0
    assert path.read_text() == "old"
