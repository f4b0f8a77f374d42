"""The German translation: no text is missing, none is out of date, and no value of a message is lost."""

import pytest
from PyQt6.QtCore import QTranslator

from zoomearth.release.translate import CONTEXT, FOLDER, faults, read, texts, write

LANGUAGES = sorted(FOLDER.glob("*.ts"))
EACH = pytest.mark.parametrize("file", LANGUAGES, ids=lambda file: file.stem)


def test_there_is_a_complete_language():
    assert [file.name for file in LANGUAGES] == ["zoomearth_de.ts"]
    assert len(texts()) > 300


@EACH
def test_every_text_is_translated_and_no_other(file):
    assert set(read(file)) == set(texts()), "run release/translate.py, and translate what it lists"


@EACH
def test_what_qgis_loads_is_what_was_translated(file):
    translator = QTranslator()
    assert translator.load(str(file.with_suffix(".qm")))
    for text, translation in read(file).items():
        assert translator.translate(CONTEXT, text.encode()) == translation, "run release/translate.py"


@EACH
def test_no_value_and_no_tag_of_a_text_gets_lost(file):
    assert {text: said for text, translation in read(file).items() if (said := faults(text, translation))} == {}


def test_a_value_that_got_lost_is_found():
    assert faults("{path} can't be written.", "kann nicht geschrieben werden.")
    assert faults("{path} can't be written.", "{pfad} kann nicht geschrieben werden.")
    assert faults("<p>Asks</p>", "Fragt")
    assert not faults("{count} of {total}", "von {total} erst {count}")


def test_new_texts_are_listed_and_old_translations_kept(tmp_path):
    first, second, *rest = texts()
    file = tmp_path / "zoomearth_xx.ts"
    assert write(file, {first: "eins", "a text that is gone": "weg"}) == [second, *rest]
    assert read(file) == {first: "eins"}
    assert write(file, read(file)) == [second, *rest]
