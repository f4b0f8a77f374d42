"""A run leaves QGIS row by row: the parcels with checked answers as a file, and a report with totals, map and contested cases."""

import re
import subprocess

from osgeo import ogr
from panel import wait
from running import QUESTION, begin, done, parcels, town

from zoomearth.plugin.export.pdf import write_pdf
from zoomearth.plugin.export.report_dialog import ReportDialog
from zoomearth.plugin.export.vector import answer_rows, export_rois, selected_answers


def test_the_rows_of_a_run_are_exported_and_reported_with_their_checks(panel, qtbot, tmp_path):
    panel.script("<answer>yes</answer>")
    layer = panel.add(town(tmp_path))
    parcels(layer)
    run = begin(panel)
    wait(lambda: done(run))
    first = run.rows[0]
    first.check("no", "Ada Lovelace", "a trampoline")
    rows = panel.dock.runs.expanded()
    assert [row.id for row in rows] == [row.id for row in run.rows]
    (places,) = panel.dock.runs.answer_layers()
    wait(lambda: places.featureCount() == 30)
    places.selectByExpression(f"exchange IN ('{first.id}', '{run.rows[1].id}')")
    chosen = selected_answers([places], rows)
    source = ogr.Open(str(export_rois(chosen, tmp_path / "parcels.gpkg")))
    exported = [(row["answer"], row["checked"], row["checked_by"]) for row in source.GetLayer(0)]
    assert exported == [("yes", "no", "Ada Lovelace"), ("yes", None, None)]
    dialog = ReportDialog(rows, ".pdf")
    qtbot.addWidget(dialog)
    assert dialog.contents.contested_only
    dialog.table.setChecked(False)
    pdf = write_pdf(dialog.chosen, tmp_path / "report.pdf", dialog.contents)
    text = subprocess.run(["pdftotext", "-layout", str(pdf), "-"], capture_output=True, text=True, check=True).stdout
    assert f"{QUESTION} (30 places)" in text
    assert re.search(r"yes +29", text)
    assert re.search(r"no +1", text)
    assert len(answer_rows(rows)) == 30
    assert text.count("Checked by Ada Lovelace") == 1
    assert "Flur 1" in text
    assert "Flur 2" not in text
