<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de" sourcelanguage="en">
    <context>
        <name>ZoomEarth</name>
        <message>
            <location filename="../../plugin/answer_types.py" />
            <source>Any text</source>
            <translation>Beliebiger Text</translation>
        </message>
        <message>
            <location filename="../../plugin/answer_types.py" />
            <source>Yes or no</source>
            <translation>Ja oder nein</translation>
        </message>
        <message>
            <location filename="../../plugin/answer_types.py" />
            <source>Yes, no or unsure</source>
            <translation>Ja, nein oder unsicher</translation>
        </message>
        <message>
            <location filename="../../plugin/answer_types.py" />
            <source>One of a list</source>
            <translation>Eine aus einer Liste</translation>
        </message>
        <message>
            <location filename="../../plugin/answer_types.py" />
            <source>Number</source>
            <translation>Zahl</translation>
        </message>
        <message>
            <location filename="../../plugin/answer_types.py" />
            <source>Whole number</source>
            <translation>Ganze Zahl</translation>
        </message>
        <message>
            <location filename="../../plugin/child/backend_process.py" />
            <source>Choose another Python program or set up the environment again in Settings &gt; Options &gt; ZoomEarth.</source>
            <translation>Wählen Sie ein anderes Python-Programm, oder richten Sie die Umgebung unter Einstellungen &gt; Optionen &gt; ZoomEarth neu ein.</translation>
        </message>
        <message>
            <location filename="../../plugin/child/backend_process.py" />
            <source>The model process crashed or was killed.</source>
            <translation>Der Modellprozess ist abgestürzt oder wurde beendet.</translation>
        </message>
        <message>
            <location filename="../../plugin/child/backend_process.py" />
            <source>The model process crashed twice within a minute and was not started again.</source>
            <translation>Der Modellprozess ist zweimal in einer Minute abgestürzt und wurde nicht wieder gestartet.</translation>
        </message>
        <message>
            <location filename="../../plugin/child/backend_process.py" />
            <source>The model process was stopped because a cancelled question did not end.</source>
            <translation>Der Modellprozess wurde angehalten, weil eine abgebrochene Frage nicht endete.</translation>
        </message>
        <message>
            <location filename="../../plugin/child/backend_process.py" />
            <source>Ask again: the model process starts again.</source>
            <translation>Fragen Sie erneut: Der Modellprozess wird wieder gestartet.</translation>
        </message>
        <message>
            <location filename="../../plugin/child/backend_process.py" />
            <source>The model process ended with exit code {code}.</source>
            <translation>Der Modellprozess endete mit dem Exit-Code {code}.</translation>
        </message>
        <message>
            <location filename="../../plugin/child/backend_process.py" />
            <source>The log shows the reason. Restart the model process to try again.</source>
            <translation>Das Protokoll zeigt den Grund. Starten Sie den Modellprozess neu, um es erneut zu versuchen.</translation>
        </message>
        <message>
            <location filename="../../plugin/child/backend_process.py" />
            <source>The model process can't be started with {program}: {reason}.</source>
            <translation>Der Modellprozess kann mit {program} nicht gestartet werden: {reason}.</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/answer_colors.py" />
            <source>other or no answer</source>
            <translation>andere oder keine Antwort</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/answer_colors.py" />
            <source>yes</source>
            <translation>ja</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/answer_colors.py" />
            <source>no</source>
            <translation>nein</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/answer_colors.py" />
            <source>unsure</source>
            <translation>unsicher</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/attempt.py" />
            <source>The log shows the details.</source>
            <translation>Das Protokoll zeigt die Einzelheiten.</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/attempt.py" />
            <source>The results can't be written to {path}: {reason}.</source>
            <translation>Die Ergebnisse können nicht nach {path} geschrieben werden: {reason}.</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/endings.py" />
            <source>Meaningless: the demo model works only on the drawn demo scenes, not on your images. Choose another model in Settings &gt; Options &gt; ZoomEarth &gt; Model.</source>
            <translation>Bedeutungslos: Das Demo-Modell funktioniert nur mit den gezeichneten Demo-Szenen, nicht mit Ihren Bildern. Wählen Sie ein anderes Modell unter Einstellungen &gt; Optionen &gt; ZoomEarth &gt; Modell.</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/endings.py" />
            <source>The maximum number of zooms was reached: this answer is a best guess.</source>
            <translation>Die Höchstzahl der Zooms war erreicht: Diese Antwort ist die beste Vermutung.</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/endings.py" />
            <source>The maximum number of zooms was reached, but the model asked for another zoom.</source>
            <translation>Die Höchstzahl der Zooms war erreicht, doch das Modell wollte noch einmal zoomen.</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/endings.py" />
            <source>The model's reply made no sense. Ask in other words.</source>
            <translation>Die Antwort des Modells ergab keinen Sinn. Fragen Sie mit anderen Worten.</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/endings.py" />
            <source>The model's reply was too long and was cut off. Ask in other words.</source>
            <translation>Die Antwort des Modells war zu lang und wurde abgebrochen. Fragen Sie mit anderen Worten.</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/endings.py" />
            <source>The model asked to zoom to an invalid place. Ask in other words.</source>
            <translation>Das Modell wollte an eine ungültige Stelle zoomen. Fragen Sie mit anderen Worten.</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/endings.py" />
            <source>Cancelled.</source>
            <translation>Abgebrochen.</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/endings.py" />
            <source>There is no answer.</source>
            <translation>Es gibt keine Antwort.</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/endings.py" />
            <source>Find all</source>
            <translation>Alle finden</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/endings.py" />
            <source>Run</source>
            <translation>Lauf</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/endings.py" />
            <source>{seconds} s</source>
            <translation>{seconds} s</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/endings.py" />
            <source>{tool} (synthetic)</source>
            <translation>{tool} (synthetisch)</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/endings.py" />
            <source>compared with {name}</source>
            <translation>verglichen mit {name}</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/endings.py" />
            <source>confidence {value} of 1 (not a probability)</source>
            <translation>Konfidenz {value} von 1 (keine Wahrscheinlichkeit)</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/endings.py" />
            <source>The answer does not have the type that was asked for: {answer}</source>
            <translation>Die Antwort hat nicht den verlangten Typ: {answer}</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/geopackage.py" />
            <source>Check that the disk has space and that the file and its folder can be written to.</source>
            <translation>Prüfen Sie, ob auf dem Datenträger Platz ist und die Datei und ihr Ordner beschrieben werden können.</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/geopackage.py" />
            <source>its folder does not exist</source>
            <translation>ihr Ordner ist nicht vorhanden</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/geopackage.py" />
            <source>it is a folder</source>
            <translation>es ist ein Ordner</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/geopackage.py" />
            <source>unknown error</source>
            <translation>unbekannter Fehler</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/geopackage.py" />
            <source>ZoomEarth tries again automatically. Close other programs that use the file. If the file was moved, put it back.</source>
            <translation>ZoomEarth versucht es automatisch erneut. Schließen Sie andere Programme, die die Datei benutzen. Wurde die Datei verschoben, legen Sie sie zurück.</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/geopackage.py" />
            <source>another program is using it</source>
            <translation>ein anderes Programm benutzt sie</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/geopackage.py" />
            <source>it is read-only</source>
            <translation>sie ist schreibgeschützt</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/geopackage.py" />
            <source>the disk is full</source>
            <translation>der Datenträger ist voll</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/geopackage.py" />
            <source>the disk is full or has an error</source>
            <translation>der Datenträger ist voll oder fehlerhaft</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/geopackage.py" />
            <source>it is not a GeoPackage</source>
            <translation>sie ist kein GeoPackage</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/geopackage.py" />
            <source>it is damaged</source>
            <translation>sie ist beschädigt</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/geopackage.py" />
            <source>the file no longer exists</source>
            <translation>die Datei ist nicht mehr vorhanden</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/geopackage.py" />
            <source>The results can't be read from {path}: {reason}.</source>
            <translation>Die Ergebnisse können nicht aus {path} gelesen werden: {reason}.</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/geopackage_tables.py" />
            <source>the disk may be full</source>
            <translation>der Datenträger ist vielleicht voll</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/looked_at.py" />
            <source>looked at</source>
            <translation>angesehen</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/looked_at.py" />
            <source>no data</source>
            <translation>keine Daten</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/looked_at.py" />
            <source>failed</source>
            <translation>fehlgeschlagen</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/looked_at.py" />
            <source>too many things: the list is not complete</source>
            <translation>zu viele Dinge: Die Liste ist nicht vollständig</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/looked_at.py" />
            <source>looked at again in parts</source>
            <translation>noch einmal in Teilen angesehen</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/looked_at.py" />
            <source>not looked at</source>
            <translation>nicht angesehen</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/project_results.py" />
            <source>Answers that are only in memory: {count}. {hint}</source>
            <translation>Antworten, die nur im Arbeitsspeicher sind: {count}. {hint}</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/project_results.py" />
            <source>Answers in the temporary file {path}: {count}. ZoomEarth tries again automatically.</source>
            <translation>Antworten in der temporären Datei {path}: {count}. ZoomEarth versucht es automatisch erneut.</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/result_fields.py" />
            <source>The picture of a question's zoom, for a map tip: by the question's id and the zoom's number</source>
            <translation>Das Bild zu einem Zoom einer Frage, für einen Kartenhinweis: nach der Kennung der Frage und der Nummer des Zooms</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/result_fields.py" />
            <source>Question id</source>
            <translation>Kennung der Frage</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/result_fields.py" />
            <source>Question</source>
            <translation>Frage</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/result_fields.py" />
            <source>Answer</source>
            <translation>Antwort</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/result_fields.py" />
            <source>Confidence (0 to 1)</source>
            <translation>Konfidenz (0 bis 1)</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/result_fields.py" />
            <source>Meaningless</source>
            <translation>Bedeutungslos</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/result_fields.py" />
            <source>Zoom number</source>
            <translation>Nummer des Zooms</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/result_fields.py" />
            <source>Label</source>
            <translation>Bezeichnung</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/result_fields.py" />
            <source>Status</source>
            <translation>Status</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/result_fields.py" />
            <source>Error</source>
            <translation>Fehler</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/result_fields.py" />
            <source>Checked answer</source>
            <translation>Geprüfte Antwort</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/result_fields.py" />
            <source>Checked by</source>
            <translation>Geprüft von</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/result_fields.py" />
            <source>Checked at</source>
            <translation>Geprüft am</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/result_fields.py" />
            <source>Note</source>
            <translation>Notiz</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/result_fields.py" />
            <source>Model</source>
            <translation>Modell</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/result_fields.py" />
            <source>Layer</source>
            <translation>Layer</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/result_fields.py" />
            <source>Raster</source>
            <translation>Raster</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/result_fields.py" />
            <source>Compared with</source>
            <translation>Verglichen mit</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/result_fields.py" />
            <source>Bands</source>
            <translation>Kanäle</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/result_fields.py" />
            <source>Stretch</source>
            <translation>Streckung</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/result_fields.py" />
            <source>Region</source>
            <translation>Bereich</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/result_fields.py" />
            <source>Kind</source>
            <translation>Art</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/result_fields.py" />
            <source>Box in pixels of the raster</source>
            <translation>Rahmen in Pixeln des Rasters</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/result_fields.py" />
            <source>Pixels of the raster</source>
            <translation>Pixel des Rasters</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/result_fields.py" />
            <source>Enlarged pixels of the raster</source>
            <translation>Vergrößerte Pixel des Rasters</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/result_fields.py" />
            <source>Size of the picture in pixels</source>
            <translation>Größe des Bildes in Pixeln</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/result_fields.py" />
            <source>Reduction (1: full resolution)</source>
            <translation>Verkleinerung (1: volle Auflösung)</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/result_fields.py" />
            <source>Time</source>
            <translation>Zeit</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/result_fields.py" />
            <source>Checked by {}</source>
            <translation>Geprüft von {}</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/result_fields.py" />
            <source>Confidence: {}</source>
            <translation>Konfidenz: {}</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/result_fields.py" />
            <source>Zoom</source>
            <translation>Zoom</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/result_fields.py" />
            <source>Zoom out</source>
            <translation>Herauszoomen</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/result_fields.py" />
            <source>answered</source>
            <translation>beantwortet</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/result_fields.py" />
            <source>maximum number of zooms</source>
            <translation>höchste Zahl an Zooms</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/result_fields.py" />
            <source>unreadable reply</source>
            <translation>unlesbare Antwort</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/result_fields.py" />
            <source>reply too long</source>
            <translation>Antwort zu lang</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/result_fields.py" />
            <source>invalid place</source>
            <translation>ungültiger Ort</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/result_fields.py" />
            <source>cancelled</source>
            <translation>abgebrochen</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/result_fields.py" />
            <source>done</source>
            <translation>fertig</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/result_fields.py" />
            <source>Also asked here: {}</source>
            <translation>Hier auch gefragt: {}</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/result_fields.py" />
            <source>Value</source>
            <translation>Wert</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/result_fields.py" />
            <source>not checked</source>
            <translation>nicht geprüft</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/result_layers.py" />
            <source>Places looked at: {layer}</source>
            <translation>Betrachtete Stellen: {layer}</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/result_layers.py" />
            <source>Answers: {layer}</source>
            <translation>Antworten: {layer}</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/result_layers.py" />
            <source>Looked at: {target}</source>
            <translation>Angesehen: {target}</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/session.py" />
            <source>The layer was removed.</source>
            <translation>Der Layer wurde entfernt.</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/session.py" />
            <source>Add the layer again, then repeat the question.</source>
            <translation>Fügen Sie den Layer wieder hinzu und wiederholen Sie die Frage.</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/surveys.py" />
            <source>A search is running already.</source>
            <translation>Es läuft bereits eine Suche.</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/surveys.py" />
            <source>Wait for its end, or cancel it.</source>
            <translation>Warten Sie auf ihr Ende, oder brechen Sie sie ab.</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/surveys.py" />
            <source>{part} % of the area was looked at closely; views: {views}</source>
            <translation>{part} % der Fläche wurden genau betrachtet; Ausschnitte: {views}</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/surveys.py" />
            <source>Find all: {target}</source>
            <translation>Alle finden: {target}</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/surveys.py" />
            <source>Cancelled. Find all again goes on where it was.</source>
            <translation>Abgebrochen. Alle finden setzt dort fort, wo es aufgehört hat.</translation>
        </message>
        <message>
            <location filename="../../plugin/exchanges/unsaved.py" />
            <source>{date}, {count} questions: {question}</source>
            <translation>{date}, {count} Fragen: {question}</translation>
        </message>
        <message>
            <location filename="../../plugin/export/dialog.py" />
            <source>Export results</source>
            <translation>Ergebnisse exportieren</translation>
        </message>
        <message>
            <location filename="../../plugin/export/dialog.py" />
            <source>Places looked at</source>
            <translation>Betrachtete Stellen</translation>
        </message>
        <message>
            <location filename="../../plugin/export/dialog.py" />
            <source>Answers</source>
            <translation>Antworten</translation>
        </message>
        <message>
            <location filename="../../plugin/export/dialog.py" />
            <source>Append to the &amp;existing file</source>
            <translation>An die &amp;vorhandene Datei anhängen</translation>
        </message>
        <message>
            <location filename="../../plugin/export/dialog.py" />
            <source>Add to the &amp;project</source>
            <translation>Zum &amp;Projekt hinzufügen</translation>
        </message>
        <message>
            <location filename="../../plugin/export/dialog.py" />
            <source>Export</source>
            <translation>Exportieren</translation>
        </message>
        <message>
            <location filename="../../plugin/export/dialog.py" />
            <source>Con&amp;tent</source>
            <translation>&amp;Inhalt</translation>
        </message>
        <message>
            <location filename="../../plugin/export/dialog.py" />
            <source>Features</source>
            <translation>Objekte</translation>
        </message>
        <message>
            <location filename="../../plugin/export/dialog.py" />
            <source>F&amp;ormat</source>
            <translation>F&amp;ormat</translation>
        </message>
        <message>
            <location filename="../../plugin/export/dialog.py" />
            <source>&amp;CRS</source>
            <translation>&amp;KBS</translation>
        </message>
        <message>
            <location filename="../../plugin/export/dialog.py" />
            <source>&amp;File</source>
            <translation>&amp;Datei</translation>
        </message>
        <message>
            <location filename="../../plugin/export/dialog.py" />
            <source>None: pixel coordinates of the raster</source>
            <translation>Keines: Pixelkoordinaten des Rasters</translation>
        </message>
        <message>
            <location filename="../../plugin/export/dialog.py" />
            <source>Content</source>
            <translation>Inhalt</translation>
        </message>
        <message>
            <location filename="../../plugin/export/dialog.py" />
            <source>Places looked at: one polygon for each zoom. Answers: one polygon for each question.</source>
            <translation>Betrachtete Stellen: ein Polygon je Zoom. Antworten: ein Polygon je Frage.</translation>
        </message>
        <message>
            <location filename="../../plugin/export/dialog.py" />
            <source>Selected features</source>
            <translation>Gewählte Objekte</translation>
        </message>
        <message>
            <location filename="../../plugin/export/dialog.py" />
            <source>The features that are selected on the map</source>
            <translation>Die Objekte, die auf der Karte gewählt sind</translation>
        </message>
        <message>
            <location filename="../../plugin/export/dialog.py" />
            <source>All features</source>
            <translation>Alle Objekte</translation>
        </message>
        <message>
            <location filename="../../plugin/export/dialog.py" />
            <source>The features of all questions in the panel</source>
            <translation>Die Objekte aller Fragen im Bedienfeld</translation>
        </message>
        <message>
            <location filename="../../plugin/export/dialog.py" />
            <source>Format</source>
            <translation>Format</translation>
        </message>
        <message>
            <location filename="../../plugin/export/dialog.py" />
            <source>A Shapefile stores at most 254 bytes of each text. Excel stores no polygons.</source>
            <translation>Ein Shapefile speichert höchstens 254 Byte je Text. Excel speichert keine Polygone.</translation>
        </message>
        <message>
            <location filename="../../plugin/export/dialog.py" />
            <source>Coordinate reference system</source>
            <translation>Koordinatenbezugssystem</translation>
        </message>
        <message>
            <location filename="../../plugin/export/dialog.py" />
            <source>The polygons are transformed to this CRS</source>
            <translation>Die Polygone werden in dieses KBS transformiert</translation>
        </message>
        <message>
            <location filename="../../plugin/export/dialog.py" />
            <source>File</source>
            <translation>Datei</translation>
        </message>
        <message>
            <location filename="../../plugin/export/dialog.py" />
            <source>An existing file with this name is replaced, unless you append to it</source>
            <translation>Eine vorhandene Datei mit diesem Namen wird ersetzt, wenn Sie nichts anhängen</translation>
        </message>
        <message>
            <location filename="../../plugin/export/dialog.py" />
            <source>Append to the existing file</source>
            <translation>An die vorhandene Datei anhängen</translation>
        </message>
        <message>
            <location filename="../../plugin/export/dialog.py" />
            <source>The features are added to those of the file, in the CRS of the file. Otherwise an existing file is replaced.</source>
            <translation>Die Objekte kommen zu denen der Datei hinzu, im KBS der Datei. Sonst wird eine vorhandene Datei ersetzt.</translation>
        </message>
        <message>
            <location filename="../../plugin/export/dialog.py" />
            <source>Add to the project</source>
            <translation>Zum Projekt hinzufügen</translation>
        </message>
        <message>
            <location filename="../../plugin/export/dialog.py" />
            <source>The file becomes a layer of the project, coloured by answer</source>
            <translation>Die Datei wird ein Layer des Projekts, nach Antwort gefärbt</translation>
        </message>
        <message>
            <location filename="../../plugin/export/dialog.py" />
            <source>Cancel</source>
            <translation>Abbrechen</translation>
        </message>
        <message>
            <location filename="../../plugin/export/dialog.py" />
            <source>Selected ({count})</source>
            <translation>Gewählte ({count})</translation>
        </message>
        <message>
            <location filename="../../plugin/export/dialog.py" />
            <source>All ({count})</source>
            <translation>Alle ({count})</translation>
        </message>
        <message>
            <location filename="../../plugin/export/dialog.py" />
            <source>answers</source>
            <translation>antworten</translation>
        </message>
        <message>
            <location filename="../../plugin/export/dialog.py" />
            <source>places</source>
            <translation>orte</translation>
        </message>
        <message>
            <location filename="../../plugin/export/dialog.py" />
            <source>CRS of the layer: {crs}</source>
            <translation>KBS des Layers: {crs}</translation>
        </message>
        <message>
            <location filename="../../plugin/export/front.py" />
            <source>Place</source>
            <translation>Ort</translation>
        </message>
        <message>
            <location filename="../../plugin/export/front.py" />
            <source>Remark</source>
            <translation>Bemerkung</translation>
        </message>
        <message>
            <location filename="../../plugin/export/front.py" />
            <source>Choose another picture, or none.</source>
            <translation>Wählen Sie ein anderes Bild oder keins.</translation>
        </message>
        <message>
            <location filename="../../plugin/export/front.py" />
            <source>{question} ({count} places)</source>
            <translation>{question} ({count} Orte)</translation>
        </message>
        <message>
            <location filename="../../plugin/export/front.py" />
            <source>Questions: {}</source>
            <translation>Fragen: {}</translation>
        </message>
        <message>
            <location filename="../../plugin/export/front.py" />
            <source>The logo {path} can't be read: {reason}.</source>
            <translation>Das Logo {path} ist nicht lesbar: {reason}.</translation>
        </message>
        <message>
            <location filename="../../plugin/export/front.py" />
            <source>and {count} other answers</source>
            <translation>und {count} andere Antworten</translation>
        </message>
        <message>
            <location filename="../../plugin/export/html.py" />
            <source>before</source>
            <translation>vorher</translation>
        </message>
        <message>
            <location filename="../../plugin/export/html.py" />
            <source>after</source>
            <translation>nachher</translation>
        </message>
        <message>
            <location filename="../../plugin/export/html.py" />
            <source>Check that the disk has space and that the folder can be written to.</source>
            <translation>Prüfen Sie, ob auf dem Datenträger Platz ist und der Ordner beschrieben werden kann.</translation>
        </message>
        <message>
            <location filename="../../plugin/export/html.py" />
            <source>Reasoning of the model</source>
            <translation>Begründung des Modells</translation>
        </message>
        <message>
            <location filename="../../plugin/export/html.py" />
            <source>{path} can't be written: {reason}.</source>
            <translation>{path} kann nicht geschrieben werden: {reason}.</translation>
        </message>
        <message>
            <location filename="../../plugin/export/html.py" />
            <source>en</source>
            <translation>de</translation>
        </message>
        <message>
            <location filename="../../plugin/export/html.py" />
            <source>Overview: as in question {number}</source>
            <translation>Überblick: wie in Frage {number}</translation>
        </message>
        <message>
            <location filename="../../plugin/export/html.py" />
            <source>Map</source>
            <translation>Karte</translation>
        </message>
        <message>
            <location filename="../../plugin/export/page.py" />
            <source>{page} of {count}</source>
            <translation>{page} von {count}</translation>
        </message>
        <message>
            <location filename="../../plugin/export/pdf.py" />
            <source>{path} can't be written.</source>
            <translation>{path} kann nicht geschrieben werden.</translation>
        </message>
        <message>
            <location filename="../../plugin/export/report_dialog.py" />
            <source>Report</source>
            <translation>Bericht</translation>
        </message>
        <message>
            <location filename="../../plugin/export/report_dialog.py" />
            <source>ZoomEarth report</source>
            <translation>ZoomEarth-Bericht</translation>
        </message>
        <message>
            <location filename="../../plugin/export/report_dialog.py" />
            <source>Pictures (*.png *.jpg *.jpeg *.svg)</source>
            <translation>Bilder (*.png *.jpg *.jpeg *.svg)</translation>
        </message>
        <message>
            <location filename="../../plugin/export/report_dialog.py" />
            <source>Con&amp;tested</source>
            <translation>S&amp;trittige</translation>
        </message>
        <message>
            <location filename="../../plugin/export/report_dialog.py" />
            <source>T&amp;otals and map of questions asked about many places</source>
            <translation>&amp;Summen und Karte von Fragen zu vielen Orten</translation>
        </message>
        <message>
            <location filename="../../plugin/export/report_dialog.py" />
            <source>Ta&amp;ble of all questions and answers</source>
            <translation>Ta&amp;belle aller Fragen und Antworten</translation>
        </message>
        <message>
            <location filename="../../plugin/export/report_dialog.py" />
            <source>Maps and &amp;pictures of each answer</source>
            <translation>Karten und &amp;Bilder jeder Antwort</translation>
        </message>
        <message>
            <location filename="../../plugin/export/report_dialog.py" />
            <source>Maps and pictures of &amp;contested answers only</source>
            <translation>Karten und Bilder nur der strittigen Ant&amp;worten</translation>
        </message>
        <message>
            <location filename="../../plugin/export/report_dialog.py" />
            <source>&amp;Reasoning of the model</source>
            <translation>Überlegungen des &amp;Modells</translation>
        </message>
        <message>
            <location filename="../../plugin/export/report_dialog.py" />
            <source>&amp;Title</source>
            <translation>&amp;Titel</translation>
        </message>
        <message>
            <location filename="../../plugin/export/report_dialog.py" />
            <source>Pro&amp;ject</source>
            <translation>Pro&amp;jekt</translation>
        </message>
        <message>
            <location filename="../../plugin/export/report_dialog.py" />
            <source>A&amp;uthor</source>
            <translation>A&amp;utor</translation>
        </message>
        <message>
            <location filename="../../plugin/export/report_dialog.py" />
            <source>&amp;Logo</source>
            <translation>&amp;Logo</translation>
        </message>
        <message>
            <location filename="../../plugin/export/report_dialog.py" />
            <source>&amp;Questions</source>
            <translation>&amp;Fragen</translation>
        </message>
        <message>
            <location filename="../../plugin/export/report_dialog.py" />
            <source>&amp;All</source>
            <translation>&amp;Alle</translation>
        </message>
        <message>
            <location filename="../../plugin/export/report_dialog.py" />
            <source>&amp;None</source>
            <translation>&amp;Keine</translation>
        </message>
        <message>
            <location filename="../../plugin/export/report_dialog.py" />
            <source>{path} already exists. Replace it?</source>
            <translation>{path} ist schon vorhanden. Ersetzen?</translation>
        </message>
        <message>
            <location filename="../../plugin/export/report_dialog.py" />
            <source>Title</source>
            <translation>Titel</translation>
        </message>
        <message>
            <location filename="../../plugin/export/report_dialog.py" />
            <source>Project</source>
            <translation>Projekt</translation>
        </message>
        <message>
            <location filename="../../plugin/export/report_dialog.py" />
            <source>Author</source>
            <translation>Autor</translation>
        </message>
        <message>
            <location filename="../../plugin/export/report_dialog.py" />
            <source>Logo</source>
            <translation>Logo</translation>
        </message>
        <message>
            <location filename="../../plugin/export/report_dialog.py" />
            <source>A picture for the title page: PNG, JPEG or SVG</source>
            <translation>Ein Bild für die Titelseite: PNG, JPEG oder SVG</translation>
        </message>
        <message>
            <location filename="../../plugin/export/report_dialog.py" />
            <source>Questions</source>
            <translation>Fragen</translation>
        </message>
        <message>
            <location filename="../../plugin/export/report_dialog.py" />
            <source>The questions that the report contains</source>
            <translation>Die Fragen, die der Bericht enthält</translation>
        </message>
        <message>
            <location filename="../../plugin/export/report_dialog.py" />
            <source>Tick all questions</source>
            <translation>Alle Fragen ankreuzen</translation>
        </message>
        <message>
            <location filename="../../plugin/export/report_dialog.py" />
            <source>Tick no question</source>
            <translation>Keine Frage ankreuzen</translation>
        </message>
        <message>
            <location filename="../../plugin/export/report_dialog.py" />
            <source>Tick the contested answers</source>
            <translation>Die strittigen Antworten ankreuzen</translation>
        </message>
        <message>
            <location filename="../../plugin/export/report_dialog.py" />
            <source>Contested: a person says something else than the model, or its own confidence is low and nobody has checked it</source>
            <translation>Strittig: Ein Mensch sagt etwas anderes als das Modell, oder dessen eigene Konfidenz ist niedrig und niemand hat geprüft</translation>
        </message>
        <message>
            <location filename="../../plugin/export/report_dialog.py" />
            <source>The file that is written</source>
            <translation>Die Datei, die geschrieben wird</translation>
        </message>
        <message>
            <location filename="../../plugin/export/vector.py" />
            <source>There is nothing to export.</source>
            <translation>Es gibt nichts zu exportieren.</translation>
        </message>
        <message>
            <location filename="../../plugin/export/vector.py" />
            <source>Ask a question first, or choose other questions.</source>
            <translation>Stellen Sie zuerst eine Frage, oder wählen Sie andere Fragen.</translation>
        </message>
        <message>
            <location filename="../../plugin/export/vector.py" />
            <source>Create the folder first, or choose another one.</source>
            <translation>Legen Sie den Ordner zuerst an, oder wählen Sie einen anderen.</translation>
        </message>
        <message>
            <location filename="../../plugin/export/vector.py" />
            <source>Choose another folder.</source>
            <translation>Wählen Sie einen anderen Ordner.</translation>
        </message>
        <message>
            <location filename="../../plugin/export/vector.py" />
            <source>Export the results of this layer to a separate file.</source>
            <translation>Exportieren Sie die Ergebnisse dieses Layers in eine eigene Datei.</translation>
        </message>
        <message>
            <location filename="../../plugin/export/vector.py" />
            <source>Choose a CRS that covers the raster.</source>
            <translation>Wählen Sie ein KBS, das das Raster abdeckt.</translation>
        </message>
        <message>
            <location filename="../../plugin/export/vector.py" />
            <source>Choose another file, or replace this one.</source>
            <translation>Wählen Sie eine andere Datei, oder ersetzen Sie diese.</translation>
        </message>
        <message>
            <location filename="../../plugin/export/vector.py" />
            <source>Choose another name, or remove the layer first.</source>
            <translation>Wählen Sie einen anderen Namen, oder entfernen Sie zuerst den Layer.</translation>
        </message>
        <message>
            <location filename="../../plugin/export/vector.py" />
            <source>The layer {layer} is not georeferenced, but other layers are.</source>
            <translation>Der Layer {layer} ist nicht georeferenziert, andere Layer sind es.</translation>
        </message>
        <message>
            <location filename="../../plugin/export/vector.py" />
            <source>The places looked at in {layer} can't be transformed to {crs}.</source>
            <translation>Die betrachteten Stellen in {layer} können nicht nach {crs} transformiert werden.</translation>
        </message>
        <message>
            <location filename="../../plugin/export/vector.py" />
            <source>{path} is not an export of ZoomEarth.</source>
            <translation>{path} ist kein Export von ZoomEarth.</translation>
        </message>
        <message>
            <location filename="../../plugin/export/vector.py" />
            <source>The file type of {path} is not supported.</source>
            <translation>Der Dateityp von {path} wird nicht unterstützt.</translation>
        </message>
        <message>
            <location filename="../../plugin/export/vector.py" />
            <source>Use one of these file extensions: {suffixes}.</source>
            <translation>Verwenden Sie eine dieser Dateiendungen: {suffixes}.</translation>
        </message>
        <message>
            <location filename="../../plugin/export/vector.py" />
            <source>The folder {folder} does not exist.</source>
            <translation>Der Ordner {folder} existiert nicht.</translation>
        </message>
        <message>
            <location filename="../../plugin/export/vector.py" />
            <source>The folder {folder} is read-only.</source>
            <translation>Der Ordner {folder} ist schreibgeschützt.</translation>
        </message>
        <message>
            <location filename="../../plugin/export/vector.py" />
            <source>{path} is open in this project as the layer {layer}.</source>
            <translation>{path} ist in diesem Projekt als Layer {layer} geöffnet.</translation>
        </message>
        <message>
            <location filename="../../plugin/export/vector.py" />
            <source>the file is incomplete</source>
            <translation>die Datei ist unvollständig</translation>
        </message>
        <message>
            <location filename="../../plugin/export/words.py" />
            <source>The answers come from a model and can be wrong. The boxes and pictures show where it looked.</source>
            <translation>Die Antworten kommen von einem Modell und können falsch sein. Die Rahmen und Bilder zeigen, wohin es gesehen hat.</translation>
        </message>
        <message>
            <location filename="../../plugin/export/words.py" />
            <source>A person says something else than the model.</source>
            <translation>Ein Mensch sagt etwas anderes als das Modell.</translation>
        </message>
        <message>
            <location filename="../../plugin/export/words.py" />
            <source>The model's own confidence is low.</source>
            <translation>Die eigene Konfidenz des Modells ist niedrig.</translation>
        </message>
        <message>
            <location filename="../../plugin/export/words.py" />
            <source>meaningless</source>
            <translation>ohne Bedeutung</translation>
        </message>
        <message>
            <location filename="../../plugin/export/words.py" />
            <source>There is nothing to report yet.</source>
            <translation>Es gibt noch nichts zu berichten.</translation>
        </message>
        <message>
            <location filename="../../plugin/export/words.py" />
            <source>Ask a question first.</source>
            <translation>Stellen Sie zuerst eine Frage.</translation>
        </message>
        <message>
            <location filename="../../plugin/export/words.py" />
            <source>Contested answers</source>
            <translation>Strittige Antworten</translation>
        </message>
        <message>
            <location filename="../../plugin/export/words.py" />
            <source>no answer</source>
            <translation>keine Antwort</translation>
        </message>
        <message>
            <location filename="../../plugin/export/words.py" />
            <source>corrected</source>
            <translation>berichtigt</translation>
        </message>
        <message>
            <location filename="../../plugin/export/words.py" />
            <source>confirmed</source>
            <translation>bestätigt</translation>
        </message>
        <message>
            <location filename="../../plugin/export/words.py" />
            <source>Overview</source>
            <translation>Übersicht</translation>
        </message>
        <message>
            <location filename="../../plugin/export/words.py" />
            <source>columns {left} to {right}, rows {top} to {bottom}</source>
            <translation>Spalten {left} bis {right}, Zeilen {top} bis {bottom}</translation>
        </message>
        <message>
            <location filename="../../plugin/export/words.py" />
            <source>centre {x}, {y} ({crs})</source>
            <translation>Mitte {x}, {y} ({crs})</translation>
        </message>
        <message>
            <location filename="../../plugin/export/words.py" />
            <source>Project: {}</source>
            <translation>Projekt: {}</translation>
        </message>
        <message>
            <location filename="../../plugin/export/words.py" />
            <source>Author: {}</source>
            <translation>Autor: {}</translation>
        </message>
        <message>
            <location filename="../../plugin/export/words.py" />
            <source>Date: {}</source>
            <translation>Datum: {}</translation>
        </message>
        <message>
            <location filename="../../plugin/export/words.py" />
            <source>Failed: {reason}</source>
            <translation>Fehlgeschlagen: {reason}</translation>
        </message>
        <message>
            <location filename="../../plugin/export/words.py" />
            <source>Checked by {name}, {date}.</source>
            <translation>Geprüft von {name}, {date}.</translation>
        </message>
        <message>
            <location filename="../../plugin/export/words.py" />
            <source>confidence {value}</source>
            <translation>Konfidenz {value}</translation>
        </message>
        <message>
            <location filename="../../plugin/export/words.py" />
            <source>Model's own confidence: {value} of 1. Use it to compare answers: it is not a probability.</source>
            <translation>Eigene Konfidenz des Modells: {value} von 1. Verwenden Sie sie, um Antworten zu vergleichen: Sie ist keine Wahrscheinlichkeit.</translation>
        </message>
        <message>
            <location filename="../../plugin/export/words.py" />
            <source>The model said: {answer}.</source>
            <translation>Das Modell sagte: {answer}.</translation>
        </message>
        <message>
            <location filename="../../plugin/export/words.py" />
            <source>shown to the model {reduction}</source>
            <translation>dem Modell gezeigt: {reduction}</translation>
        </message>
        <message>
            <location filename="../../plugin/export/words.py" />
            <source>Note: “{}”.</source>
            <translation>Notiz: „{}“.</translation>
        </message>
        <message>
            <location filename="../../plugin/i18n.py" />
            <source>opening the raster</source>
            <translation>das Raster wird geöffnet</translation>
        </message>
        <message>
            <location filename="../../plugin/i18n.py" />
            <source>creating the overview of the raster</source>
            <translation>die Übersicht des Rasters wird erstellt</translation>
        </message>
        <message>
            <location filename="../../plugin/i18n.py" />
            <source>reading the raster</source>
            <translation>das Raster wird gelesen</translation>
        </message>
        <message>
            <location filename="../../plugin/i18n.py" />
            <source>reading the images of other dates</source>
            <translation>Bilder anderer Zeitpunkte werden gelesen</translation>
        </message>
        <message>
            <location filename="../../plugin/i18n.py" />
            <source>measuring the noise</source>
            <translation>Rauschen wird gemessen</translation>
        </message>
        <message>
            <location filename="../../plugin/i18n.py" />
            <source>measuring the stripes</source>
            <translation>Streifen werden gemessen</translation>
        </message>
        <message>
            <location filename="../../plugin/i18n.py" />
            <source>removing the noise</source>
            <translation>Rauschen wird entfernt</translation>
        </message>
        <message>
            <location filename="../../plugin/i18n.py" />
            <source>outlining the object</source>
            <translation>Objekt wird umrissen</translation>
        </message>
        <message>
            <location filename="../../plugin/i18n.py" />
            <source>editing the pixels</source>
            <translation>Pixel werden bearbeitet</translation>
        </message>
        <message>
            <location filename="../../plugin/i18n.py" />
            <source>looking closely at all of it</source>
            <translation>alles wird aus der Nähe angesehen</translation>
        </message>
        <message>
            <location filename="../../plugin/i18n.py" />
            <source>writing the result</source>
            <translation>Ergebnis wird geschrieben</translation>
        </message>
        <message>
            <location filename="../../plugin/i18n.py" />
            <source>full resolution</source>
            <translation>volle Auflösung</translation>
        </message>
        <message>
            <location filename="../../plugin/i18n.py" />
            <source>{count} GB</source>
            <translation>{count} GB</translation>
        </message>
        <message>
            <location filename="../../plugin/i18n.py" />
            <source>{count} MB</source>
            <translation>{count} MB</translation>
        </message>
        <message>
            <location filename="../../plugin/i18n.py" />
            <source>{scale}x reduced</source>
            <translation>{scale}-fach verkleinert</translation>
        </message>
        <message>
            <location filename="../../plugin/install/diagnosis.py" />
            <source>The disk is full.</source>
            <translation>Der Datenträger ist voll.</translation>
        </message>
        <message>
            <location filename="../../plugin/install/diagnosis.py" />
            <source>Free some disk space and try again: what has been downloaded is kept. To use another disk, set the environment variable ZOOMEARTH_HOME to a folder on it, and restart QGIS.</source>
            <translation>Schaffen Sie Platz und versuchen Sie es erneut: Bereits Heruntergeladenes bleibt erhalten. Um einen anderen Datenträger zu verwenden, setzen Sie die Umgebungsvariable ZOOMEARTH_HOME auf einen Ordner dort und starten Sie QGIS neu.</translation>
        </message>
        <message>
            <location filename="../../plugin/install/diagnosis.py" />
            <source>ZoomEarth has no permission to write a file or folder.</source>
            <translation>ZoomEarth darf eine Datei oder einen Ordner nicht schreiben.</translation>
        </message>
        <message>
            <location filename="../../plugin/install/diagnosis.py" />
            <source>Close other programs that use the folder, and check that you may write to it. A virus scanner can also block it. To use another folder, set the environment variable ZOOMEARTH_HOME to it, and restart QGIS.</source>
            <translation>Schließen Sie andere Programme, die den Ordner benutzen, und prüfen Sie, ob Sie ihn beschreiben dürfen. Auch ein Virenscanner kann ihn sperren. Um einen anderen Ordner zu verwenden, setzen Sie die Umgebungsvariable ZOOMEARTH_HOME darauf und starten Sie QGIS neu.</translation>
        </message>
        <message>
            <location filename="../../plugin/install/diagnosis.py" />
            <source>This Python can't create environments: its module venv or ensurepip is missing.</source>
            <translation>Dieses Python kann keine Umgebungen anlegen: Sein Modul venv oder ensurepip fehlt.</translation>
        </message>
        <message>
            <location filename="../../plugin/install/diagnosis.py" />
            <source>On Debian and Ubuntu: sudo apt install python3-venv. On other systems: install Python from python.org, or choose another Python.</source>
            <translation>Unter Debian und Ubuntu: sudo apt install python3-venv. Auf anderen Systemen: Installieren Sie Python von python.org, oder wählen Sie ein anderes Python.</translation>
        </message>
        <message>
            <location filename="../../plugin/install/diagnosis.py" />
            <source>The proxy server blocks the download.</source>
            <translation>Der Proxyserver blockiert den Download.</translation>
        </message>
        <message>
            <location filename="../../plugin/install/diagnosis.py" />
            <source>Check the address, user and password in Settings &gt; Options &gt; Network, then try again.</source>
            <translation>Prüfen Sie Adresse, Benutzer und Passwort unter Einstellungen &gt; Optionen &gt; Netzwerk, und versuchen Sie es erneut.</translation>
        </message>
        <message>
            <location filename="../../plugin/install/diagnosis.py" />
            <source>The certificate of a server is not trusted. Company networks often replace certificates with their own.</source>
            <translation>Dem Zertifikat eines Servers wird nicht vertraut. Firmennetze ersetzen Zertifikate oft durch eigene.</translation>
        </message>
        <message>
            <location filename="../../plugin/install/diagnosis.py" />
            <source>Ask the network administrator for the certificate file, set the environment variable PIP_CERT to its path, and restart QGIS.</source>
            <translation>Bitten Sie die Netzwerkadministration um die Zertifikatsdatei, setzen Sie die Umgebungsvariable PIP_CERT auf ihren Pfad und starten Sie QGIS neu.</translation>
        </message>
        <message>
            <location filename="../../plugin/install/diagnosis.py" />
            <source>The package index can't be reached: this computer seems to be offline.</source>
            <translation>Der Paketindex ist nicht erreichbar: Dieser Computer scheint offline zu sein.</translation>
        </message>
        <message>
            <location filename="../../plugin/install/diagnosis.py" />
            <source>Check the connection and try again: what has been downloaded is kept. For a computer without a network: run 'pip download -d packages -r backend.txt' on a similar computer with a network (backend.txt is in the folder resources/requirements of the plugin), copy the folder 'packages' to this computer, and choose it in this dialog under 'Other options'.</source>
            <translation>Prüfen Sie die Verbindung und versuchen Sie es erneut: Bereits Heruntergeladenes bleibt erhalten. Für einen Computer ohne Netz: Führen Sie 'pip download -d packages -r backend.txt' auf einem ähnlichen Computer mit Netz aus (backend.txt liegt im Ordner resources/requirements des Plugins), kopieren Sie den Ordner 'packages' auf diesen Computer und wählen Sie ihn in diesem Dialog unter 'Weitere Optionen'.</translation>
        </message>
        <message>
            <location filename="../../plugin/install/diagnosis.py" />
            <source>No suitable Python was found. ZoomEarth needs a 64-bit Python, version 3.10 or newer.</source>
            <translation>Es wurde kein geeignetes Python gefunden. ZoomEarth braucht ein 64-Bit-Python ab Version 3.10.</translation>
        </message>
        <message>
            <location filename="../../plugin/install/diagnosis.py" />
            <source>Install Python from python.org or with the package manager of your system, or install uv, which downloads Python automatically. Then try again.</source>
            <translation>Installieren Sie Python von python.org oder mit der Paketverwaltung Ihres Systems, oder installieren Sie uv, das Python automatisch herunterlädt. Versuchen Sie es dann erneut.</translation>
        </message>
        <message>
            <location filename="../../plugin/install/diagnosis.py" />
            <source>A package is not available for this system and this Python version.</source>
            <translation>Ein Paket ist für dieses System und diese Python-Version nicht verfügbar.</translation>
        </message>
        <message>
            <location filename="../../plugin/install/diagnosis.py" />
            <source>Choose another Python: 64-bit, version 3.10 to 3.13. On old systems and unusual processors, use a model on a server instead.</source>
            <translation>Wählen Sie ein anderes Python: 64 Bit, Version 3.10 bis 3.13. Verwenden Sie auf alten Systemen und ungewöhnlichen Prozessoren stattdessen ein Modell auf einem Server.</translation>
        </message>
        <message>
            <location filename="../../plugin/install/diagnosis.py" />
            <source>A downloaded file is damaged.</source>
            <translation>Eine heruntergeladene Datei ist beschädigt.</translation>
        </message>
        <message>
            <location filename="../../plugin/install/diagnosis.py" />
            <source>Try again: the file will be downloaded again.</source>
            <translation>Versuchen Sie es erneut: Die Datei wird noch einmal heruntergeladen.</translation>
        </message>
        <message>
            <location filename="../../plugin/install/diagnosis.py" />
            <source>A system library is missing or too old.</source>
            <translation>Eine Systembibliothek fehlt oder ist zu alt.</translation>
        </message>
        <message>
            <location filename="../../plugin/install/diagnosis.py" />
            <source>On Windows, install Microsoft's Visual C++ Redistributable (x64), then try again. On Linux, update the system.</source>
            <translation>Installieren Sie unter Windows Microsofts Visual C++ Redistributable (x64) und versuchen Sie es erneut. Aktualisieren Sie unter Linux das System.</translation>
        </message>
        <message>
            <location filename="../../plugin/install/diagnosis.py" />
            <source>The computer ran out of memory.</source>
            <translation>Der Arbeitsspeicher des Computers reichte nicht aus.</translation>
        </message>
        <message>
            <location filename="../../plugin/install/diagnosis.py" />
            <source>Close other programs and try again.</source>
            <translation>Schließen Sie andere Programme und versuchen Sie es erneut.</translation>
        </message>
        <message>
            <location filename="../../plugin/install/diagnosis.py" />
            <source>Another QGIS window is setting up ZoomEarth at the moment.</source>
            <translation>Ein anderes QGIS-Fenster richtet ZoomEarth gerade ein.</translation>
        </message>
        <message>
            <location filename="../../plugin/install/diagnosis.py" />
            <source>Wait until it has finished, then try again.</source>
            <translation>Warten Sie, bis es fertig ist, und versuchen Sie es erneut.</translation>
        </message>
        <message>
            <location filename="../../plugin/install/diagnosis.py" />
            <source>The installation ended with an error.</source>
            <translation>Die Installation ist fehlgeschlagen.</translation>
        </message>
        <message>
            <location filename="../../plugin/install/diagnosis.py" />
            <source>The last lines of the log show more. 'Copy diagnostics' copies what a bug report needs.</source>
            <translation>Die letzten Zeilen des Protokolls zeigen mehr. „Diagnose kopieren“ kopiert, was ein Fehlerbericht braucht.</translation>
        </message>
        <message>
            <location filename="../../plugin/install/dialog.py" />
            <source>Set up ZoomEarth</source>
            <translation>ZoomEarth einrichten</translation>
        </message>
        <message>
            <location filename="../../plugin/install/dialog.py" />
            <source>Start the download</source>
            <translation>Den Download starten</translation>
        </message>
        <message>
            <location filename="../../plugin/install/dialog.py" />
            <source>Copies versions, settings and the log, without keys and personal paths</source>
            <translation>Kopiert Versionen, Einstellungen und Protokoll, ohne Schlüssel und persönliche Pfade</translation>
        </message>
        <message>
            <location filename="../../plugin/install/dialog.py" />
            <source>Close this window without the setup</source>
            <translation>Dieses Fenster ohne Einrichtung schließen</translation>
        </message>
        <message>
            <location filename="../../plugin/install/dialog.py" />
            <source>Version to download</source>
            <translation>Version, die heruntergeladen wird</translation>
        </message>
        <message>
            <location filename="../../plugin/install/dialog.py" />
            <source>CPU</source>
            <translation>CPU</translation>
        </message>
        <message>
            <location filename="../../plugin/install/dialog.py" />
            <source>NVIDIA graphics card (CUDA)</source>
            <translation>NVIDIA-Grafikkarte (CUDA)</translation>
        </message>
        <message>
            <location filename="../../plugin/install/dialog.py" />
            <source>Apple graphics (Metal)</source>
            <translation>Apple-Grafik (Metal)</translation>
        </message>
        <message>
            <location filename="../../plugin/install/dialog.py" />
            <source>Size of the download</source>
            <translation>Größe des Downloads</translation>
        </message>
        <message>
            <location filename="../../plugin/install/dialog.py" />
            <source>Disk space needed and available</source>
            <translation>Benötigter und verfügbarer Speicherplatz</translation>
        </message>
        <message>
            <location filename="../../plugin/install/dialog.py" />
            <source>Folder of the environment</source>
            <translation>Ordner der Umgebung</translation>
        </message>
        <message>
            <location filename="../../plugin/install/dialog.py" />
            <source>Runs on</source>
            <translation>Läuft auf</translation>
        </message>
        <message>
            <location filename="../../plugin/install/dialog.py" />
            <source>Download</source>
            <translation>Herunterladen</translation>
        </message>
        <message>
            <location filename="../../plugin/install/dialog.py" />
            <source>On disk</source>
            <translation>Auf dem Datenträger</translation>
        </message>
        <message>
            <location filename="../../plugin/install/dialog.py" />
            <source>Folder</source>
            <translation>Ordner</translation>
        </message>
        <message>
            <location filename="../../plugin/install/dialog.py" />
            <source>Result of the last attempt</source>
            <translation>Ergebnis des letzten Versuchs</translation>
        </message>
        <message>
            <location filename="../../plugin/install/dialog.py" />
            <source>Other options</source>
            <translation>Weitere Optionen</translation>
        </message>
        <message>
            <location filename="../../plugin/install/dialog.py" />
            <source>The Python program that creates the environment: version 3.10 or newer</source>
            <translation>Das Python-Programm, das die Umgebung anlegt: ab Version 3.10</translation>
        </message>
        <message>
            <location filename="../../plugin/install/dialog.py" />
            <source>found automatically</source>
            <translation>automatisch gefunden</translation>
        </message>
        <message>
            <location filename="../../plugin/install/dialog.py" />
            <source>A folder with downloaded packages (.whl files), for a computer without a network</source>
            <translation>Ein Ordner mit heruntergeladenen Paketen (.whl-Dateien), für einen Computer ohne Netz</translation>
        </message>
        <message>
            <location filename="../../plugin/install/dialog.py" />
            <source>none: packages come from the internet</source>
            <translation>keiner: Pakete kommen aus dem Internet</translation>
        </message>
        <message>
            <location filename="../../plugin/install/dialog.py" />
            <source>Python program</source>
            <translation>Python-Programm</translation>
        </message>
        <message>
            <location filename="../../plugin/install/dialog.py" />
            <source>Offline packages folder (.whl)</source>
            <translation>Ordner mit Offline-Paketen (.whl)</translation>
        </message>
        <message>
            <location filename="../../plugin/install/dialog.py" />
            <source>Current step</source>
            <translation>Aktueller Schritt</translation>
        </message>
        <message>
            <location filename="../../plugin/install/dialog.py" />
            <source>How much has been downloaded</source>
            <translation>Wie viel heruntergeladen ist</translation>
        </message>
        <message>
            <location filename="../../plugin/install/dialog.py" />
            <source>The installer's log</source>
            <translation>Das Protokoll der Installation</translation>
        </message>
        <message>
            <location filename="../../plugin/install/dialog.py" />
            <source>What went wrong</source>
            <translation>Was schiefging</translation>
        </message>
        <message>
            <location filename="../../plugin/install/dialog.py" />
            <source>What you can do</source>
            <translation>Was Sie tun können</translation>
        </message>
        <message>
            <location filename="../../plugin/install/dialog.py" />
            <source>The log's last lines</source>
            <translation>Die letzten Zeilen des Protokolls</translation>
        </message>
        <message>
            <location filename="../../plugin/install/dialog.py" />
            <source>Resume</source>
            <translation>Fortsetzen</translation>
        </message>
        <message>
            <location filename="../../plugin/install/dialog.py" />
            <source>Download and set up</source>
            <translation>Herunterladen und einrichten</translation>
        </message>
        <message>
            <location filename="../../plugin/install/dialog.py" />
            <source>Copy diagnostics</source>
            <translation>Diagnose kopieren</translation>
        </message>
        <message>
            <location filename="../../plugin/install/dialog.py" />
            <source>Not now</source>
            <translation>Nicht jetzt</translation>
        </message>
        <message>
            <location filename="../../plugin/install/dialog.py" />
            <source>It has PyTorch and other free packages from the internet. They are installed in a separate folder: QGIS and your system are not changed. You can remove the folder in Settings &gt; Options &gt; ZoomEarth. The included demo model works only on drawn demo scenes: for your own images, download a larger model in these options. Your rasters stay on this computer, unless you choose a server.</source>
            <translation>Sie enthält PyTorch und andere freie Pakete aus dem Internet. Sie werden in einen eigenen Ordner installiert: QGIS und Ihr System werden nicht verändert. Den Ordner können Sie unter Einstellungen &gt; Optionen &gt; ZoomEarth entfernen. Das enthaltene Demo-Modell funktioniert nur mit gezeichneten Demo-Szenen: Für Ihre eigenen Bilder laden Sie in diesen Optionen ein größeres Modell herunter. Ihre Raster bleiben auf diesem Computer, außer Sie wählen einen Server.</translation>
        </message>
        <message>
            <location filename="../../plugin/install/dialog.py" />
            <source>Try again</source>
            <translation>Erneut versuchen</translation>
        </message>
        <message>
            <location filename="../../plugin/install/dialog.py" />
            <source>{done} of about {total}</source>
            <translation>{done} von etwa {total}</translation>
        </message>
        <message>
            <location filename="../../plugin/install/dialog.py" />
            <source>Stopped. What has been downloaded is kept.</source>
            <translation>Angehalten. Bereits Heruntergeladenes bleibt erhalten.</translation>
        </message>
        <message>
            <location filename="../../plugin/install/dialog.py" />
            <source>about {size}</source>
            <translation>etwa {size}</translation>
        </message>
        <message>
            <location filename="../../plugin/install/dialog.py" />
            <source>about {size} needed, {free} available</source>
            <translation>etwa {size} nötig, {free} verfügbar</translation>
        </message>
        <message>
            <location filename="../../plugin/install/dialog.py" />
            <source>ZoomEarth needs its own Python environment</source>
            <translation>ZoomEarth braucht eine eigene Python-Umgebung</translation>
        </message>
        <message>
            <location filename="../../plugin/install/dialog.py" />
            <source>Setting up ZoomEarth</source>
            <translation>ZoomEarth wird eingerichtet</translation>
        </message>
        <message>
            <location filename="../../plugin/install/dialog.py" />
            <source>Stop</source>
            <translation>Anhalten</translation>
        </message>
        <message>
            <location filename="../../plugin/install/dialog.py" />
            <source>Back</source>
            <translation>Zurück</translation>
        </message>
        <message>
            <location filename="../../plugin/install/dialog.py" />
            <source>detected</source>
            <translation>erkannt</translation>
        </message>
        <message>
            <location filename="../../plugin/install/recipe.py" />
            <source>Creating the environment</source>
            <translation>Die Umgebung wird angelegt</translation>
        </message>
        <message>
            <location filename="../../plugin/install/recipe.py" />
            <source>Downloading and installing the packages</source>
            <translation>Die Pakete werden heruntergeladen und installiert</translation>
        </message>
        <message>
            <location filename="../../plugin/install/recipe.py" />
            <source>Testing the environment</source>
            <translation>Die Umgebung wird getestet</translation>
        </message>
        <message>
            <location filename="../../plugin/install/recipe.py" />
            <source>Removing temporary files</source>
            <translation>Temporäre Dateien werden entfernt</translation>
        </message>
        <message>
            <location filename="../../plugin/install/recipe.py" />
            <source>Checking the existing environment</source>
            <translation>Die vorhandene Umgebung wird geprüft</translation>
        </message>
        <message>
            <location filename="../../plugin/install/recipe.py" />
            <source>Reading the settings of pip</source>
            <translation>Die Einstellungen von pip werden gelesen</translation>
        </message>
        <message>
            <location filename="../../plugin/install/recipe.py" />
            <source>Preparing the installer</source>
            <translation>Das Installationsprogramm wird vorbereitet</translation>
        </message>
        <message>
            <location filename="../../plugin/install/recipe.py" />
            <source>Searching for Python</source>
            <translation>Python wird gesucht</translation>
        </message>
        <message>
            <location filename="../../plugin/install/recipe.py" />
            <source>Downloading the installer uv</source>
            <translation>Das Installationsprogramm uv wird heruntergeladen</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/balance_view.py" />
            <source>{first} and {second}: {count} decided by both, {figures}, differences to settle: {open}</source>
            <translation>{first} und {second}: {count} von beiden entschieden, {figures}, Unterschiede zu klären: {open}</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/balance_view.py" />
            <source>Answers of each level and category</source>
            <translation>Antworten jeder Ebene und Kategorie</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/balance_view.py" />
            <source>all</source>
            <translation>alle</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/balance_view.py" />
            <source>Group</source>
            <translation>Gruppe</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/balance_view.py" />
            <source>All questions that were not rejected, each level, and each category</source>
            <translation>Alle Fragen, die nicht verworfen wurden, jede Ebene und jede Kategorie</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/balance_view.py" />
            <source>How many there are</source>
            <translation>Wie viele es gibt</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/balance_view.py" />
            <source>How many different answers they have</source>
            <translation>Wie viele verschiedene Antworten sie haben</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/balance_view.py" />
            <source>Yes:no</source>
            <translation>Ja:Nein</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/balance_view.py" />
            <source>How many are answered by yes, and by no</source>
            <translation>Wie viele mit Ja und wie viele mit Nein beantwortet sind</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/balance_view.py" />
            <source>Top answer</source>
            <translation>Häufigste</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/balance_view.py" />
            <source>The commonest answer</source>
            <translation>Die häufigste Antwort</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/balance_view.py" />
            <source>Share</source>
            <translation>Anteil</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/balance_view.py" />
            <source>The share of the commonest answer</source>
            <translation>Der Anteil der häufigsten Antwort</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/balance_view.py" />
            <source>Entropy</source>
            <translation>Entropie</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/balance_view.py" />
            <source>Of the answers, in bits: 0 where all are the same</source>
            <translation>Der Antworten in Bit: 0, wo alle gleich sind</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/balance_view.py" />
            <source>Blind</source>
            <translation>Blind</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/balance_view.py" />
            <source>What is right by guessing the commonest answer of the category and the question's first two words</source>
            <translation>Was richtig ist, wenn man die häufigste Antwort der Kategorie und der ersten zwei Wörter der Frage rät</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/balance_view.py" />
            <source>{category}: ask questions with another answer than “{top}” ({share} have it).</source>
            <translation>{category}: Stellen Sie Fragen mit einer anderen Antwort als „{top}“ ({share} haben sie).</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/balance_view.py" />
            <source>Ask next, {level}: {categories}</source>
            <translation>Als Nächstes fragen, {level}: {categories}</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/balance_view.py" />
            <source>{category}: ask questions whose answer is “{rare}” ({yes} yes, {no} no).</source>
            <translation>{category}: Stellen Sie Fragen mit der Antwort „{rare}“ ({yes} ja, {no} nein).</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/balance_view.py" />
            <source>Flagged: {flags}</source>
            <translation>Hinweise: {flags}</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/board.py" />
            <source>Accept</source>
            <translation>Annehmen</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/board.py" />
            <source>Edit</source>
            <translation>Bearbeiten</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/board.py" />
            <source>Reject</source>
            <translation>Verwerfen</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/board.py" />
            <source>Unsure</source>
            <translation>Unsicher</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/board.py" />
            <source>Undo</source>
            <translation>Zurück</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/board.py" />
            <source>Box</source>
            <translation>Rahmen</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/board.py" />
            <source>Describe</source>
            <translation>Benennen</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/board.py" />
            <source>Write</source>
            <translation>Fragen</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/board.py" />
            <source>Templates</source>
            <translation>Vorlagen</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/board.py" />
            <source>Thoughts</source>
            <translation>Gedanken</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/board.py" />
            <source>No layer of the project shows {path}. If the raster was moved, the menu has an entry for that.</source>
            <translation>Kein Layer des Projekts zeigt {path}. Wurde das Raster verschoben, hat das Menü einen Eintrag dafür.</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/board.py" />
            <source>{candidates} to decide · {accepted} accepted · {rejected} rejected · {unsure} unsure</source>
            <translation>{candidates} offen · {accepted} angenommen · {rejected} verworfen · {unsure} unsicher</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/board.py" />
            <source>No question is asked about this place yet: propose some, or write one.</source>
            <translation>Zu diesem Ort gibt es noch keine Frage: Lassen Sie welche vorschlagen oder schreiben Sie eine.</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/board.py" />
            <source>Edit the question</source>
            <translation>Die Frage bearbeiten</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/board.py" />
            <source>Previous question</source>
            <translation>Vorige Frage</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/board.py" />
            <source>Next question</source>
            <translation>Nächste Frage</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/board.py" />
            <source>Next candidate</source>
            <translation>Nächster Vorschlag</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/board.py" />
            <source>Draw a box</source>
            <translation>Einen Rahmen zeichnen</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/board.py" />
            <source>Draw this box again</source>
            <translation>Diesen Rahmen neu aufziehen</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/board.py" />
            <source>Take the selected features of the current layer as boxes</source>
            <translation>Die gewählten Objekte des aktuellen Layers als Rahmen übernehmen</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/board.py" />
            <source>Describe the box</source>
            <translation>Den Rahmen benennen</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/board.py" />
            <source>Write a question</source>
            <translation>Eine Frage schreiben</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/board.py" />
            <source>Propose from templates</source>
            <translation>Aus Vorlagen vorschlagen</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/board.py" />
            <source>Propose by the model</source>
            <translation>Vom Modell vorschlagen lassen</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/board.py" />
            <source>Thoughts that lead to the answer</source>
            <translation>Gedanken, die zur Antwort führen</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/board.py" />
            <source>The box is a region</source>
            <translation>Der Rahmen ist ein Gebiet</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/board.py" />
            <source>The box is an object</source>
            <translation>Der Rahmen ist ein Objekt</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/board.py" />
            <source>About the whole image</source>
            <translation>Zum ganzen Bild</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/board.py" />
            <source>Remove the box</source>
            <translation>Den Rahmen entfernen</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/board.py" />
            <source>The question that is decided next</source>
            <translation>Die Frage, über die als nächste entschieden wird</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/board.py" />
            <source>All are decided.</source>
            <translation>Über alle ist entschieden.</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/board.py" />
            <source>Nothing is asked yet. Draw a box on the map to begin.</source>
            <translation>Noch gibt es keine Frage. Zeichnen Sie zuerst einen Rahmen auf die Karte.</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/board.py" />
            <source>Do not reject</source>
            <translation>Nicht verwerfen</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/board.py" />
            <source>no description</source>
            <translation>ohne Namen</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/box_layers.py" />
            <source>Labels</source>
            <translation>Labels</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/box_layers.py" />
            <source>Labels ({crs})</source>
            <translation>Labels ({crs})</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/box_layers.py" />
            <source>no CRS</source>
            <translation>ohne KBS</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/box_tool.py" />
            <source>Drag a box on the map.</source>
            <translation>Ziehen Sie einen Rahmen auf der Karte auf.</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/box_tool.py" />
            <source>Add a raster layer first: boxes are drawn on it.</source>
            <translation>Fügen Sie zuerst einen Rasterlayer hinzu: Auf ihm werden Rahmen gezeichnet.</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/box_work.py" />
            <source>Select features of a vector layer first, such as what a survey has found, and a raster here.</source>
            <translation>Wählen Sie zuerst Objekte eines Vektorlayers, etwa das von einer Suche Gefundene, und hier ein Raster.</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/box_work.py" />
            <source>Outside the raster: {count}.</source>
            <translation>Außerhalb des Rasters: {count}.</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/box_work.py" />
            <source>Boxes from {layer}: {count}.</source>
            <translation>Rahmen aus {layer}: {count}.</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/differences.py" />
            <source>What two people have decided differently</source>
            <translation>Was zwei Personen verschieden entschieden haben</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/differences.py" />
            <source>What</source>
            <translation>Was</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/differences.py" />
            <source>Box: {label}</source>
            <translation>Rahmen: {label}</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/differences.py" />
            <source>The boxes overlap by {iou}</source>
            <translation>Die Rahmen decken sich zu {iou}</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/differences.py" />
            <source>Settled by {name}: {choice}</source>
            <translation>Geklärt von {name}: {choice}</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/dock.py" />
            <source>ZoomEarth Labels</source>
            <translation>ZoomEarth Labels</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/dock.py" />
            <source>Close</source>
            <translation>Schließen</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/dock.py" />
            <source>Hide this message</source>
            <translation>Diese Meldung ausblenden</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/dock.py" />
            <source>The raster layer that boxes are drawn on</source>
            <translation>Der Rasterlayer, auf dem Rahmen gezeichnet werden</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/dock.py" />
            <source>Review</source>
            <translation>Prüfen</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/dock.py" />
            <source>Balance</source>
            <translation>Balance</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/dock.py" />
            <source>Settle</source>
            <translation>Klären</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/dock.py" />
            <source>{file}, labelled by {annotator}</source>
            <translation>{file}, bearbeitet von {annotator}</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/dock.py" />
            <source>No label file is open: the first box makes one beside the project.</source>
            <translation>Keine Labeldatei ist offen: Mit dem ersten Rahmen entsteht eine neben dem Projekt.</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/editors.py" />
            <source>Answer: one to three words</source>
            <translation>Antwort: ein bis drei Wörter</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/editors.py" />
            <source>Category: choose one, or type another</source>
            <translation>Kategorie: wählen Sie eine oder tippen Sie eine andere ein</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/editors.py" />
            <source>Category</source>
            <translation>Kategorie</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/editors.py" />
            <source>Enter: save and accept · Escape: leave</source>
            <translation>Eingabe: speichern und annehmen · Escape: verlassen</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/editors.py" />
            <source>What the box shows, for example: bridge</source>
            <translation>Was der Rahmen zeigt, zum Beispiel: bridge</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/editors.py" />
            <source>What is it?</source>
            <translation>Was ist es?</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/editors.py" />
            <source>Enter: save · Escape: leave</source>
            <translation>Eingabe: speichern · Escape: verlassen</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/editors.py" />
            <source>Enter: “{suggestion}” · Shift+Enter: “{typed}”</source>
            <translation>Eingabe: „{suggestion}“ · Umschalt+Eingabe: „{typed}“</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/file_menu.py" />
            <source>Your decisions are logged with this name:</source>
            <translation>Ihre Entscheidungen werden unter diesem Namen festgehalten:</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/file_menu.py" />
            <source>New label file…</source>
            <translation>Neue Labeldatei…</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/file_menu.py" />
            <source>Open a label file…</source>
            <translation>Labeldatei öffnen…</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/file_menu.py" />
            <source>Merge another person's label file…</source>
            <translation>Labeldatei einer anderen Person einarbeiten…</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/file_menu.py" />
            <source>Name of the annotator…</source>
            <translation>Name des Bearbeiters…</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/file_menu.py" />
            <source>The raster of this question is now the chosen layer</source>
            <translation>Das Raster dieser Frage ist jetzt der gewählte Layer</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/file_menu.py" />
            <source>Export the accepted questions…</source>
            <translation>Die angenommenen Fragen exportieren…</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/file_menu.py" />
            <source>Second pass: decide what others have decided, without seeing how</source>
            <translation>Zweiter Durchgang: entscheiden, was andere entschieden haben, ohne zu sehen, wie</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/file_menu.py" />
            <source>Keys…</source>
            <translation>Tasten…</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/file_menu.py" />
            <source>Propose from templates for all boxes without questions</source>
            <translation>Aus Vorlagen vorschlagen für alle Rahmen ohne Fragen</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/file_menu.py" />
            <source>Propose by the model for all boxes that it was not asked about</source>
            <translation>Vom Modell vorschlagen lassen für alle Rahmen, zu denen es nicht gefragt wurde</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/file_menu.py" />
            <source>Thoughts from the boxes for all accepted questions without any</source>
            <translation>Gedanken aus den Rahmen für alle angenommenen Fragen, die keine haben</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/file_menu.py" />
            <source>Thoughts by the model for all accepted questions without any</source>
            <translation>Gedanken vom Modell für alle angenommenen Fragen, die keine haben</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/file_menu.py" />
            <source>The model also answers each candidate, blindly and again, for two more flags</source>
            <translation>Das Modell beantwortet jeden Vorschlag auch, ohne Bild und noch einmal mit, für zwei weitere Hinweise</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/file_menu.py" />
            <source>The label file, the annotator, and keys</source>
            <translation>Die Labeldatei, der Bearbeiter und die Tasten</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/file_menu.py" />
            <source>Open a label file</source>
            <translation>Labeldatei öffnen</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/file_menu.py" />
            <source>Merge another person's label file</source>
            <translation>Labeldatei einer anderen Person einarbeiten</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/file_menu.py" />
            <source>LRS-GRO's rows (*.jsonl)</source>
            <translation>Zeilen von LRS-GRO (*.jsonl)</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/file_menu.py" />
            <source>LRS-GRO's rows with thoughts (*.jsonl)</source>
            <translation>Zeilen von LRS-GRO mit Gedanken (*.jsonl)</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/file_menu.py" />
            <source>COCO's boxes (*.json)</source>
            <translation>Rahmen von COCO (*.json)</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/file_menu.py" />
            <source>Export the accepted questions</source>
            <translation>Die angenommenen Fragen exportieren</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/file_menu.py" />
            <source>Annotator</source>
            <translation>Bearbeiter</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/file_menu.py" />
            <source>New label file</source>
            <translation>Neue Labeldatei</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/file_menu.py" />
            <source>No label file is open.</source>
            <translation>Keine Labeldatei ist offen.</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/file_menu.py" />
            <source>New rows from {file}: {added}; changed: {changed}.</source>
            <translation>Neue Zeilen aus {file}: {added}; geändert: {changed}.</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/file_menu.py" />
            <source>{file} has nothing new.</source>
            <translation>{file} enthält nichts Neues.</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/file_menu.py" />
            <source>Choose another person's file.</source>
            <translation>Wählen Sie die Datei einer anderen Person.</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/file_menu.py" />
            <source>Decided differently by both: {count}; see the tab Settle.</source>
            <translation>Von beiden verschieden entschieden: {count}; siehe Reiter Klären.</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/file_menu.py" />
            <source>Merging {file}…</source>
            <translation>{file} wird eingearbeitet…</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/file_menu.py" />
            <source>Choose another folder, or make room.</source>
            <translation>Wählen Sie einen anderen Ordner oder schaffen Sie Platz.</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/file_menu.py" />
            <source>{count} written to {path}, {left} left out.</source>
            <translation>{count} nach {path} geschrieben, {left} ausgelassen.</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/file_menu.py" />
            <source>{path} exists and was opened.</source>
            <translation>{path} gab es schon; die Datei wurde geöffnet.</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/file_menu.py" />
            <source>{path} is the open file itself.</source>
            <translation>{path} ist die offene Datei selbst.</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/learning.py" />
            <source>Right, says {name}: a label in {file}.</source>
            <translation>Richtig, sagt {name}: ein Label in {file}.</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/learning.py" />
            <source>Wrong, says {name}, right is “{answer}”: a label in {file}.</source>
            <translation>Falsch, sagt {name}, richtig ist „{answer}“: ein Label in {file}.</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/learning.py" />
            <source>The model saw a picture of a layer that QGIS alone can draw: training could not show it.</source>
            <translation>Das Modell sah ein Bild eines Layers, den nur QGIS zeichnen kann: Beim Training ließe er sich nicht zeigen.</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/learning.py" />
            <source>This is a label in {file} now.</source>
            <translation>Dies ist jetzt ein Label in {file}.</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/pictures.py" />
            <source>The whole image</source>
            <translation>Das ganze Bild</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/pictures.py" />
            <source>The crop around the box, as the model sees it</source>
            <translation>Der Ausschnitt um den Rahmen, wie ihn das Modell sieht</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/pictures.py" />
            <source>The box enlarged</source>
            <translation>Der Rahmen vergrößert</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/proposals.py" />
            <source>The model is proposing already.</source>
            <translation>Das Modell macht schon Vorschläge.</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/proposals.py" />
            <source>The model gave no questions for {count} places: {reason}</source>
            <translation>Zu {count} Orten kamen vom Modell keine Fragen: {reason}</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/proposals.py" />
            <source>The model gave no thoughts for {count} questions: {reason}</source>
            <translation>Zu {count} Fragen kamen vom Modell keine Gedanken: {reason}</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/proposer.py" />
            <source>No new candidate: all were there already, or the model wrote none.</source>
            <translation>Kein neuer Vorschlag: Alle gab es schon, oder das Modell schrieb keine.</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/proposer.py" />
            <source>Questions that got thoughts: {count}.</source>
            <translation>Fragen, die Gedanken bekamen: {count}.</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/proposer.py" />
            <source>No new thoughts: none are lacking, the model wrote none, or a person has written these.</source>
            <translation>Keine neuen Gedanken: Es fehlen keine, das Modell schrieb keine, oder eine Person hat diese geschrieben.</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/proposer.py" />
            <source>What the model is doing</source>
            <translation>Was das Modell gerade tut</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/proposer.py" />
            <source>Progress</source>
            <translation>Fortschritt</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/proposer.py" />
            <source>Stop the proposals; those that came stay</source>
            <translation>Die Vorschläge abbrechen; was kam, bleibt</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/proposer.py" />
            <source>starting the model process</source>
            <translation>der Modellprozess wird gestartet</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/proposer.py" />
            <source>loading the model</source>
            <translation>das Modell wird geladen</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/proposer.py" />
            <source>{count} with thoughts, question {done} of {total}</source>
            <translation>{count} mit Gedanken, Frage {done} von {total}</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/proposer.py" />
            <source>{count} candidates, place {done} of {total}</source>
            <translation>{count} Vorschläge, Ort {done} von {total}</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/proposer.py" />
            <source>checking the candidates: {count} answers</source>
            <translation>prüft die Vorschläge: {count} Antworten</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/proposer.py" />
            <source>No layer of the project shows {path}.</source>
            <translation>Kein Layer des Projekts zeigt {path}.</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/rasters.py" />
            <source>Labels need a raster that ZoomEarth can read by itself, and QGIS alone can draw the layer {layer}.</source>
            <translation>Labels brauchen ein Raster, das ZoomEarth selbst lesen kann, und nur QGIS kann den Layer {layer} zeichnen.</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/rasters.py" />
            <source>Save it as a GeoTIFF first (Export &gt; Save As, Rendered image).</source>
            <translation>Speichern Sie ihn zuerst als GeoTIFF (Export &gt; Speichern als, Gerendertes Bild).</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/rasters.py" />
            <source>The box lies outside the layer {layer}.</source>
            <translation>Der Rahmen liegt außerhalb des Layers {layer}.</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/rasters.py" />
            <source>The size of {path} is not known.</source>
            <translation>Die Größe von {path} ist nicht bekannt.</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/rasters.py" />
            <source>{path} can't be opened: {reason}.</source>
            <translation>{path} lässt sich nicht öffnen: {reason}.</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/settle_view.py" />
            <source>Where two people differ</source>
            <translation>Worin sich zwei Personen unterscheiden</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/settle_view.py" />
            <source>The first one is right</source>
            <translation>Die erste Person hat recht</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/settle_view.py" />
            <source>The second one is right</source>
            <translation>Die zweite Person hat recht</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/settle_view.py" />
            <source>Neither: type or draw what is right</source>
            <translation>Keine von beiden: das Richtige eintippen oder aufziehen</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/settle_view.py" />
            <source>Previous difference</source>
            <translation>Voriger Unterschied</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/settle_view.py" />
            <source>Next difference</source>
            <translation>Nächster Unterschied</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/settle_view.py" />
            <source>First</source>
            <translation>Erste</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/settle_view.py" />
            <source>Second</source>
            <translation>Zweite</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/settle_view.py" />
            <source>Neither</source>
            <translation>Keine</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/settle_view.py" />
            <source>Comparing…</source>
            <translation>Wird verglichen…</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/settle_view.py" />
            <source>{open} of {all} differences to settle</source>
            <translation>{open} von {all} Unterschieden zu klären</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/settle_view.py" />
            <source>{count} decided by both</source>
            <translation>{count} von beiden entschieden</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/settle_view.py" />
            <source>The box lies on another raster than the one that was labelled.</source>
            <translation>Der Rahmen liegt auf einem anderen Raster als dem, das bearbeitet wurde.</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/settle_view.py" />
            <source>One of the two people whose decisions are compared</source>
            <translation>Eine der zwei Personen, deren Entscheidungen verglichen werden</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/settle_view.py" />
            <source>One person has labelled here. A second one switches on the second pass, or you merge files.</source>
            <translation>Hier hat eine Person gearbeitet. Eine zweite schaltet den zweiten Durchgang ein, oder Sie führen Dateien zusammen.</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/settle_view.py" />
            <source>You have settled nothing that could be undone.</source>
            <translation>Sie haben nichts geklärt, das sich zurücknehmen ließe.</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/store.py" />
            <source>Open one, or make a new one.</source>
            <translation>Öffnen Sie eine oder legen Sie eine neue an.</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/store.py" />
            <source>The labels can't be used: {reason}.</source>
            <translation>Die Labels lassen sich nicht verwenden: {reason}.</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/thoughts_editor.py" />
            <source>Before the answer</source>
            <translation>Vor der Antwort</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/thoughts_editor.py" />
            <source>The model proposes the thoughts</source>
            <translation>Das Modell schlägt die Gedanken vor</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/thoughts_editor.py" />
            <source>Why this answer</source>
            <translation>Warum diese Antwort</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/thoughts_editor.py" />
            <source>Where to look, and why</source>
            <translation>Wohin zu schauen ist, und warum</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/thoughts_editor.py" />
            <source>What the crop shows, and the answer</source>
            <translation>Was der Ausschnitt zeigt, und die Antwort</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/thoughts_editor.py" />
            <source>Ask the model</source>
            <translation>Modell fragen</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/thoughts_editor.py" />
            <source>Before zoom {number}</source>
            <translation>Vor Zoom {number}</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/words.py" />
            <source>candidate</source>
            <translation>Vorschlag</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/words.py" />
            <source>accepted</source>
            <translation>angenommen</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/words.py" />
            <source>rejected</source>
            <translation>verworfen</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/words.py" />
            <source>kappa {figure}</source>
            <translation>Kappa {figure}</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/words.py" />
            <source>same answer {figure}</source>
            <translation>gleiche Antwort {figure}</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/words.py" />
            <source>boxes overlap by {figure}</source>
            <translation>Rahmen decken sich zu {figure}</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/words.py" />
            <source>{share} %</source>
            <translation>{share} %</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/words.py" />
            <source>the whole image</source>
            <translation>das ganze Bild</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/words.py" />
            <source>region</source>
            <translation>Gebiet</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/words.py" />
            <source>object</source>
            <translation>Objekt</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/words.py" />
            <source>written by a person</source>
            <translation>von einem Menschen geschrieben</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/words.py" />
            <source>from a template</source>
            <translation>aus einer Vorlage</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/words.py" />
            <source>imported</source>
            <translation>importiert</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/words.py" />
            <source>wrong answer</source>
            <translation>falsche Antwort</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/words.py" />
            <source>ambiguous question</source>
            <translation>mehrdeutige Frage</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/words.py" />
            <source>not visible</source>
            <translation>nicht sichtbar</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/words.py" />
            <source>trivial or repeated</source>
            <translation>banal oder wiederholt</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/words.py" />
            <source>bad language</source>
            <translation>schlechte Sprache</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/words.py" />
            <source>answer in the question</source>
            <translation>Antwort in der Frage</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/words.py" />
            <source>more than three words</source>
            <translation>mehr als drei Wörter</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/words.py" />
            <source>coordinates</source>
            <translation>Koordinaten</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/words.py" />
            <source>duplicate</source>
            <translation>doppelt</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/words.py" />
            <source>answerable blind</source>
            <translation>ohne Bild zu beantworten</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/words.py" />
            <source>two samples disagree</source>
            <translation>zwei Versuche widersprechen sich</translation>
        </message>
        <message>
            <location filename="../../plugin/labelling/words.py" />
            <source>words contradict the box</source>
            <translation>Worte widersprechen dem Rahmen</translation>
        </message>
        <message>
            <location filename="../../plugin/layers/polygons_file.py" />
            <source>The mask layer has no polygon.</source>
            <translation>Der Maskenlayer hat kein Polygon.</translation>
        </message>
        <message>
            <location filename="../../plugin/layers/polygons_file.py" />
            <source>Draw where the tool is to work, or choose another layer.</source>
            <translation>Zeichnen Sie, wo das Werkzeug arbeiten soll, oder wählen Sie einen anderen Layer.</translation>
        </message>
        <message>
            <location filename="../../plugin/layers/raster_layers.py" />
            <source>The layer {layer} is no file, and can't be compared with. Save it as a GeoTIFF first (Export &gt; Save As).</source>
            <translation>Der Layer {layer} ist keine Datei, und damit kann nicht verglichen werden. Speichern Sie ihn zuerst als GeoTIFF (Export &gt; Speichern als).</translation>
        </message>
        <message>
            <location filename="../../plugin/layers/raster_layers.py" />
            <source>Tools work on files, and QGIS alone can read the layer {layer}. Save it as a GeoTIFF first (Export &gt; Save As).</source>
            <translation>Werkzeuge arbeiten an Dateien, und den Layer {layer} kann nur QGIS lesen. Speichern Sie ihn zuerst als GeoTIFF (Export &gt; Speichern als).</translation>
        </message>
        <message>
            <location filename="../../plugin/layers/raster_layers.py" />
            <source>seen in the bands of the file</source>
            <translation>gesehen in den Kanälen der Datei</translation>
        </message>
        <message>
            <location filename="../../plugin/layers/raster_layers.py" />
            <source>{shown}; the colours of the layer style are not used</source>
            <translation>{shown}; die Farben des Layerstils werden nicht verwendet</translation>
        </message>
        <message>
            <location filename="../../plugin/layers/raster_layers.py" />
            <source>seen as bands {bands}</source>
            <translation>gesehen als Kanäle {bands}</translation>
        </message>
        <message>
            <location filename="../../plugin/layers/raster_layers.py" />
            <source>seen as grey, band {band}, {low} to {high}</source>
            <translation>gesehen in Grau, Kanal {band}, {low} bis {high}</translation>
        </message>
        <message>
            <location filename="../../plugin/layers/raster_layers.py" />
            <source>{layer} can't be compared with itself. Choose another layer.</source>
            <translation>{layer} kann nicht mit sich selbst verglichen werden. Wählen Sie einen anderen Layer.</translation>
        </message>
        <message>
            <location filename="../../plugin/layers/raster_layers.py" />
            <source>seen in the colours of the file, band {band}</source>
            <translation>gesehen in den Farben der Datei, Kanal {band}</translation>
        </message>
        <message>
            <location filename="../../plugin/layers/raster_layers.py" />
            <source>seen as grey, band {band}</source>
            <translation>gesehen in Grau, Kanal {band}</translation>
        </message>
        <message>
            <location filename="../../plugin/layers/resolution.py" />
            <source>The image of the layer '{name}' would have {columns} x {rows} pixels. The maximum is {limit} million pixels.</source>
            <translation>Das Bild des Layers „{name}“ hätte {columns} x {rows} Pixel. Das Höchste sind {limit} Millionen Pixel.</translation>
        </message>
        <message>
            <location filename="../../plugin/layers/resolution.py" />
            <source>Choose a resolution of {fitting} map units per pixel or coarser, or a smaller area.</source>
            <translation>Wählen Sie eine Auflösung von {fitting} Karteneinheiten je Pixel oder gröber, oder einen kleineren Bereich.</translation>
        </message>
        <message>
            <location filename="../../plugin/layers/resolution.py" />
            <source>map units</source>
            <translation>Karteneinheiten</translation>
        </message>
        <message>
            <location filename="../../plugin/layers/resolution.py" />
            <source>Choose a place that the layer covers, or check whether QGIS can draw the layer.</source>
            <translation>Wählen Sie eine Stelle, die der Layer abdeckt, oder prüfen Sie, ob QGIS den Layer zeichnen kann.</translation>
        </message>
        <message>
            <location filename="../../plugin/layers/resolution.py" />
            <source>The chosen place lies outside the layer {name}.</source>
            <translation>Die gewählte Stelle liegt außerhalb des Layers {name}.</translation>
        </message>
        <message>
            <location filename="../../plugin/layers/scope.py" />
            <source>map canvas extent</source>
            <translation>Ausdehnung der Kartenansicht</translation>
        </message>
        <message>
            <location filename="../../plugin/layers/scope.py" />
            <source>{count} of {total} polygons lies outside the layer {layer} and was left out.</source>
            <translation>{count} von {total} Polygonen liegt außerhalb des Layers {layer} und wurde ausgelassen.</translation>
        </message>
        <message>
            <location filename="../../plugin/layers/scope.py" />
            <source>{count} of {total} polygons lie outside the layer {layer} and were left out.</source>
            <translation>{count} von {total} Polygonen liegen außerhalb des Layers {layer} und wurden ausgelassen.</translation>
        </message>
        <message>
            <location filename="../../plugin/layers/scope.py" />
            <source>{count} of {total} polygons has no area and was left out.</source>
            <translation>{count} von {total} Polygonen hat keine Fläche und wurde ausgelassen.</translation>
        </message>
        <message>
            <location filename="../../plugin/layers/scope.py" />
            <source>{count} of {total} polygons have no area and were left out.</source>
            <translation>{count} von {total} Polygonen haben keine Fläche und wurden ausgelassen.</translation>
        </message>
        <message>
            <location filename="../../plugin/layers/scope.py" />
            <source>Move the map to where the layer is.</source>
            <translation>Verschieben Sie die Karte dorthin, wo der Layer liegt.</translation>
        </message>
        <message>
            <location filename="../../plugin/layers/scope.py" />
            <source>drawn rectangle</source>
            <translation>gezeichnetes Rechteck</translation>
        </message>
        <message>
            <location filename="../../plugin/layers/scope.py" />
            <source>Draw it where the layer is.</source>
            <translation>Zeichnen Sie es dort, wo der Layer liegt.</translation>
        </message>
        <message>
            <location filename="../../plugin/layers/scope.py" />
            <source>No polygon is selected.</source>
            <translation>Es ist kein Polygon gewählt.</translation>
        </message>
        <message>
            <location filename="../../plugin/layers/scope.py" />
            <source>Select polygons on the map first, in any vector layer.</source>
            <translation>Wählen Sie zuerst Polygone auf der Karte, in einem beliebigen Vektorlayer.</translation>
        </message>
        <message>
            <location filename="../../plugin/layers/scope.py" />
            <source>Deselect it, and select polygons that lie on the layer.</source>
            <translation>Heben Sie seine Auswahl auf, und wählen Sie Polygone, die auf dem Layer liegen.</translation>
        </message>
        <message>
            <location filename="../../plugin/layers/scope.py" />
            <source>Deselect them, and select polygons that lie on the layer.</source>
            <translation>Heben Sie ihre Auswahl auf, und wählen Sie Polygone, die auf dem Layer liegen.</translation>
        </message>
        <message>
            <location filename="../../plugin/layers/scope.py" />
            <source>Select other polygons.</source>
            <translation>Wählen Sie andere Polygone aus.</translation>
        </message>
        <message>
            <location filename="../../plugin/layers/scope.py" />
            <source>feature {id} of {layer}</source>
            <translation>Objekt {id} aus {layer}</translation>
        </message>
        <message>
            <location filename="../../plugin/layers/scope.py" />
            <source>inside the map canvas, rotated by {angle}°</source>
            <translation>innerhalb der um {angle}° gedrehten Kartenansicht</translation>
        </message>
        <message>
            <location filename="../../plugin/layers/scope.py" />
            <source>{place} lies outside the layer {layer}.</source>
            <translation>{place} liegt außerhalb des Layers {layer}.</translation>
        </message>
        <message>
            <location filename="../../plugin/layers/scope.py" />
            <source>All {count} selected polygons lie outside the layer {layer}.</source>
            <translation>Alle {count} gewählten Polygone liegen außerhalb des Layers {layer}.</translation>
        </message>
        <message>
            <location filename="../../plugin/layers/scope.py" />
            <source>inside the outline of {place}</source>
            <translation>innerhalb des Umrisses von {place}</translation>
        </message>
        <message>
            <location filename="../../plugin/layers/scope.py" />
            <source>{name} of {layer}</source>
            <translation>{name} aus {layer}</translation>
        </message>
        <message>
            <location filename="../../plugin/layers/scope.py" />
            <source>The selected polygons of {layer} have no area.</source>
            <translation>Die gewählten Polygone aus {layer} haben keine Fläche.</translation>
        </message>
        <message>
            <location filename="../../plugin/layers/scope.py" />
            <source>The {place} lies outside the layer {layer}.</source>
            <translation>Außerhalb des Layers {layer} liegt: {place}.</translation>
        </message>
        <message>
            <location filename="../../plugin/layers/scope.py" />
            <source>({count} parts)</source>
            <translation>({count} Teile)</translation>
        </message>
        <message>
            <location filename="../../plugin/layers/snapshot.py" />
            <source>Check whether QGIS draws the layer at this place, and read the log messages panel.</source>
            <translation>Prüfen Sie, ob QGIS den Layer an dieser Stelle zeichnet, und lesen Sie das Protokollfenster.</translation>
        </message>
        <message>
            <location filename="../../plugin/layers/snapshot.py" />
            <source>seen as shown in QGIS, {resolution} {unit} per pixel ({columns} x {rows} px)</source>
            <translation>gesehen wie in QGIS, {resolution} {unit} je Pixel ({columns} x {rows} px)</translation>
        </message>
        <message>
            <location filename="../../plugin/layers/snapshot.py" />
            <source>Check that the disk has space and that the temporary folder can be written to.</source>
            <translation>Prüfen Sie, ob auf dem Datenträger Platz ist und der temporäre Ordner beschrieben werden kann.</translation>
        </message>
        <message>
            <location filename="../../plugin/layers/snapshot.py" />
            <source>The image of the layer '{name}' is empty.</source>
            <translation>Das Bild des Layers „{name}“ ist leer.</translation>
        </message>
        <message>
            <location filename="../../plugin/layers/snapshot.py" />
            <source>The image of the layer '{name}' can't be written to {path}.</source>
            <translation>Das Bild des Layers „{name}“ kann nicht nach {path} geschrieben werden.</translation>
        </message>
        <message>
            <location filename="../../plugin/layers/snapshot.py" />
            <source>Image of the layer {name}</source>
            <translation>Bild des Layers {name}</translation>
        </message>
        <message>
            <location filename="../../plugin/layers/snapshot.py" />
            <source>This is an error in ZoomEarth. Please report it.</source>
            <translation>Das ist ein Fehler in ZoomEarth. Bitte melden Sie ihn.</translation>
        </message>
        <message>
            <location filename="../../plugin/layers/snapshot.py" />
            <source>, coarser than the layer ({resolution})</source>
            <translation>, gröber als der Layer ({resolution})</translation>
        </message>
        <message>
            <location filename="../../plugin/layers/tile_errors.py" />
            <source>One part of the layer '{name}' could not be loaded: {reason}.</source>
            <translation>Ein Teil des Layers „{name}“ konnte nicht geladen werden: {reason}.</translation>
        </message>
        <message>
            <location filename="../../plugin/layers/tile_errors.py" />
            <source>{count} parts of the layer '{name}' could not be loaded: {reason}.</source>
            <translation>{count} Teile des Layers „{name}“ konnten nicht geladen werden: {reason}.</translation>
        </message>
        <message>
            <location filename="../../plugin/layers/tile_errors.py" />
            <source>Try again later or with another resolution: a service may offer only some resolutions and may limit the amount of data.</source>
            <translation>Versuchen Sie es später oder mit einer anderen Auflösung: Ein Dienst bietet vielleicht nur manche Auflösungen und begrenzt die Datenmenge.</translation>
        </message>
        <message>
            <location filename="../../plugin/layers/tile_errors.py" />
            <source>Choose a coarser resolution, or a place where the layer is visible.</source>
            <translation>Wählen Sie eine gröbere Auflösung oder eine Stelle, an der der Layer sichtbar ist.</translation>
        </message>
        <message>
            <location filename="../../plugin/layers/tile_errors.py" />
            <source>The layer '{name}' has no data at this place and resolution.</source>
            <translation>Der Layer „{name}“ hat an dieser Stelle und in dieser Auflösung keine Daten.</translation>
        </message>
        <message>
            <location filename="../../plugin/layers/tile_errors.py" />
            <source>the server sent {kind} instead of an image</source>
            <translation>der Server schickte {kind} statt eines Bildes</translation>
        </message>
        <message>
            <location filename="../../plugin/options/download.py" />
            <source>Downloading the model {model}</source>
            <translation>Das Modell {model} wird heruntergeladen</translation>
        </message>
        <message>
            <location filename="../../plugin/options/download.py" />
            <source>The download failed.</source>
            <translation>Der Download ist fehlgeschlagen.</translation>
        </message>
        <message>
            <location filename="../../plugin/options/environment.py" />
            <source>Remove {folder} ({size})? Downloaded models are kept. You can set up the environment again at any time.</source>
            <translation>{folder} ({size}) entfernen? Heruntergeladene Modelle bleiben erhalten. Sie können die Umgebung jederzeit neu einrichten.</translation>
        </message>
        <message>
            <location filename="../../plugin/options/environment.py" />
            <source>Python environment</source>
            <translation>Python-Umgebung</translation>
        </message>
        <message>
            <location filename="../../plugin/options/environment.py" />
            <source>Whether the environment is set up</source>
            <translation>Ob die Umgebung eingerichtet ist</translation>
        </message>
        <message>
            <location filename="../../plugin/options/environment.py" />
            <source>Shows what will be downloaded and how large it is, and asks before it starts</source>
            <translation>Zeigt, was heruntergeladen wird und wie groß es ist, und fragt vor dem Beginn</translation>
        </message>
        <message>
            <location filename="../../plugin/options/environment.py" />
            <source>Deletes the environment. Downloaded models are kept.</source>
            <translation>Löscht die Umgebung. Heruntergeladene Modelle bleiben erhalten.</translation>
        </message>
        <message>
            <location filename="../../plugin/options/environment.py" />
            <source>For experts: the path of a Python program in which PyTorch and the other packages of ZoomEarth are installed. Empty: the environment above.</source>
            <translation>Für Fachleute: der Pfad eines Python-Programms, in dem PyTorch und die anderen Pakete von ZoomEarth installiert sind. Leer: die Umgebung oben.</translation>
        </message>
        <message>
            <location filename="../../plugin/options/environment.py" />
            <source>the environment above</source>
            <translation>die Umgebung oben</translation>
        </message>
        <message>
            <location filename="../../plugin/options/environment.py" />
            <source>Other Python</source>
            <translation>Anderes Python</translation>
        </message>
        <message>
            <location filename="../../plugin/options/environment.py" />
            <source>Set up ...</source>
            <translation>Einrichten ...</translation>
        </message>
        <message>
            <location filename="../../plugin/options/environment.py" />
            <source>Remove ...</source>
            <translation>Entfernen ...</translation>
        </message>
        <message>
            <location filename="../../plugin/options/environment.py" />
            <source>Removing ...</source>
            <translation>Wird entfernt ...</translation>
        </message>
        <message>
            <location filename="../../plugin/options/environment.py" />
            <source>incomplete</source>
            <translation>unvollständig</translation>
        </message>
        <message>
            <location filename="../../plugin/options/environment.py" />
            <source>Remove the environment</source>
            <translation>Die Umgebung entfernen</translation>
        </message>
        <message>
            <location filename="../../plugin/options/environment.py" />
            <source>The Python program chosen below is used instead.</source>
            <translation>Stattdessen wird das unten gewählte Python-Programm verwendet.</translation>
        </message>
        <message>
            <location filename="../../plugin/options/environment.py" />
            <source>The Python program chosen below does not exist.</source>
            <translation>Das unten gewählte Python-Programm ist nicht vorhanden.</translation>
        </message>
        <message>
            <location filename="../../plugin/options/environment.py" />
            <source>The environment can't be removed: {why}.</source>
            <translation>Die Umgebung kann nicht entfernt werden: {why}.</translation>
        </message>
        <message>
            <location filename="../../plugin/options/environment.py" />
            <source>The setup is not finished. It continues where it stopped.</source>
            <translation>Die Einrichtung ist nicht fertig. Sie wird dort fortgesetzt, wo sie anhielt.</translation>
        </message>
        <message>
            <location filename="../../plugin/options/environment.py" />
            <source>Not set up yet.</source>
            <translation>Noch nicht eingerichtet.</translation>
        </message>
        <message>
            <location filename="../../plugin/options/environment.py" />
            <source>Set up for {device}, {size}.</source>
            <translation>Eingerichtet für {device}, {size}.</translation>
        </message>
        <message>
            <location filename="../../plugin/options/model.py" />
            <source>A folder with the files of a model: config.json, weights (.safetensors) and tokenizer</source>
            <translation>Ein Ordner mit den Dateien eines Modells: config.json, Gewichte (.safetensors) und Tokenizer</translation>
        </message>
        <message>
            <location filename="../../plugin/options/model.py" />
            <source>Too large for this computer: needs {needed} of memory, {has} are there. A server can run it.</source>
            <translation>Zu groß für diesen Computer: braucht {needed} Speicher, vorhanden sind {has}. Ein Server kann es ausführen.</translation>
        </message>
        <message>
            <location filename="../../plugin/options/model.py" />
            <source>The model that answers</source>
            <translation>Das Modell, das antwortet</translation>
        </message>
        <message>
            <location filename="../../plugin/options/model.py" />
            <source>Your own model in a folder</source>
            <translation>Ihr eigenes Modell in einem Ordner</translation>
        </message>
        <message>
            <location filename="../../plugin/options/model.py" />
            <source>A model on a server (OpenAI API)</source>
            <translation>Ein Modell auf einem Server (OpenAI-API)</translation>
        </message>
        <message>
            <location filename="../../plugin/options/model.py" />
            <source>Enter the address of the server first.</source>
            <translation>Geben Sie zuerst die Adresse des Servers ein.</translation>
        </message>
        <message>
            <location filename="../../plugin/options/model.py" />
            <source>Choose the folder of the model first.</source>
            <translation>Wählen Sie zuerst den Ordner des Modells.</translation>
        </message>
        <message>
            <location filename="../../plugin/options/model.py" />
            <source>Description and licence of the model</source>
            <translation>Beschreibung und Lizenz des Modells</translation>
        </message>
        <message>
            <location filename="../../plugin/options/model.py" />
            <source>Whether this computer has the memory for the model</source>
            <translation>Ob der Speicher dieses Computers für das Modell reicht</translation>
        </message>
        <message>
            <location filename="../../plugin/options/model.py" />
            <source>Whether the model is on this computer</source>
            <translation>Ob das Modell auf diesem Computer ist</translation>
        </message>
        <message>
            <location filename="../../plugin/options/model.py" />
            <source>Downloads the model. You can stop the download and resume it later.</source>
            <translation>Lädt das Modell herunter. Sie können den Download anhalten und später fortsetzen.</translation>
        </message>
        <message>
            <location filename="../../plugin/options/model.py" />
            <source>Progress of the download</source>
            <translation>Fortschritt des Downloads</translation>
        </message>
        <message>
            <location filename="../../plugin/options/model.py" />
            <source>The access key of the server. The QGIS authentication manager stores it.</source>
            <translation>Der Zugangsschlüssel des Servers. Die QGIS-Authentifizierungsverwaltung speichert ihn.</translation>
        </message>
        <message>
            <location filename="../../plugin/options/model.py" />
            <source>API key</source>
            <translation>API-Schlüssel</translation>
        </message>
        <message>
            <location filename="../../plugin/options/model.py" />
            <source>automatic</source>
            <translation>automatisch</translation>
        </message>
        <message>
            <location filename="../../plugin/options/model.py" />
            <source>Runs on the processor, slowly: needs {needed} of {has} memory.</source>
            <translation>Läuft auf dem Prozessor, langsam: braucht {needed} von {has} Speicher.</translation>
        </message>
        <message>
            <location filename="../../plugin/options/model.py" />
            <source>Runs on the processor with 8-bit weights (int8), slowly: needs {needed} of {has} memory.</source>
            <translation>Läuft auf dem Prozessor mit 8-Bit-Gewichten (int8), langsam: braucht {needed} von {has} Speicher.</translation>
        </message>
        <message>
            <location filename="../../plugin/options/model.py" />
            <source>Runs on the graphics card: needs {needed} of {has} memory.</source>
            <translation>Läuft auf der Grafikkarte: braucht {needed} von {has} Speicher.</translation>
        </message>
        <message>
            <location filename="../../plugin/options/model.py" />
            <source>Runs on the graphics card with 8-bit weights (int8): needs {needed} of {has} memory.</source>
            <translation>Läuft auf der Grafikkarte mit 8-Bit-Gewichten (int8): braucht {needed} von {has} Speicher.</translation>
        </message>
        <message>
            <location filename="../../plugin/options/model.py" />
            <source>Commercial use: yes</source>
            <translation>Gewerbliche Nutzung: ja</translation>
        </message>
        <message>
            <location filename="../../plugin/options/model.py" />
            <source>Commercial use: no</source>
            <translation>Gewerbliche Nutzung: nein</translation>
        </message>
        <message>
            <location filename="../../plugin/options/model.py" />
            <source>Commercial use: read the licence</source>
            <translation>Gewerbliche Nutzung: lesen Sie die Lizenz</translation>
        </message>
        <message>
            <location filename="../../plugin/options/model.py" />
            <source>{model} (recommended for this computer)</source>
            <translation>{model} (empfohlen für diesen Computer)</translation>
        </message>
        <message>
            <location filename="../../plugin/options/model.py" />
            <source>At the moment only {free} are free: close other programs first.</source>
            <translation>Im Moment sind nur {free} frei: Schließen Sie vorher andere Programme.</translation>
        </message>
        <message>
            <location filename="../../plugin/options/model.py" />
            <source>{model} (too large)</source>
            <translation>{model} (zu groß)</translation>
        </message>
        <message>
            <location filename="../../plugin/options/model.py" />
            <source>Licence</source>
            <translation>Lizenz</translation>
        </message>
        <message>
            <location filename="../../plugin/options/model.py" />
            <source>Included in ZoomEarth.</source>
            <translation>In ZoomEarth enthalten.</translation>
        </message>
        <message>
            <location filename="../../plugin/options/model.py" />
            <source>Downloaded to this computer.</source>
            <translation>Auf diesen Computer heruntergeladen.</translation>
        </message>
        <message>
            <location filename="../../plugin/options/model.py" />
            <source>{done} of {total}</source>
            <translation>{done} von {total}</translation>
        </message>
        <message>
            <location filename="../../plugin/options/model.py" />
            <source>Stopped. The next download continues from here.</source>
            <translation>Angehalten. Der nächste Download setzt hier fort.</translation>
        </message>
        <message>
            <location filename="../../plugin/options/model.py" />
            <source>Choose an authentication entry of the type Basic (the key is its password) or API Header (the key is in its header Authorization).</source>
            <translation>Wählen Sie einen Authentifizierungseintrag vom Typ Basic (der Schlüssel ist sein Passwort) oder API Header (der Schlüssel steht in seinem Header Authorization).</translation>
        </message>
        <message>
            <location filename="../../plugin/options/model.py" />
            <source>{model} is being downloaded at the moment.</source>
            <translation>{model} wird gerade heruntergeladen.</translation>
        </message>
        <message>
            <location filename="../../plugin/options/model.py" />
            <source>Downloading ...</source>
            <translation>Wird heruntergeladen ...</translation>
        </message>
        <message>
            <location filename="../../plugin/options/model.py" />
            <source>Not on this computer: {size} to download, once ZoomEarth is set up (below).</source>
            <translation>Nicht auf diesem Computer: {size} herunterzuladen, sobald ZoomEarth eingerichtet ist (unten).</translation>
        </message>
        <message>
            <location filename="../../plugin/options/model.py" />
            <source>Not on this computer: {size} to download.</source>
            <translation>Nicht auf diesem Computer: {size} herunterzuladen.</translation>
        </message>
        <message>
            <location filename="../../plugin/options/page.py" />
            <source>Computation</source>
            <translation>Berechnung</translation>
        </message>
        <message>
            <location filename="../../plugin/options/page.py" />
            <source>Asks a question about an included demo image, with the settings on this page</source>
            <translation>Stellt mit den Einstellungen auf dieser Seite eine Frage zu einem enthaltenen Demo-Bild</translation>
        </message>
        <message>
            <location filename="../../plugin/options/page.py" />
            <source>Result of the test</source>
            <translation>Ergebnis des Tests</translation>
        </message>
        <message>
            <location filename="../../plugin/options/page.py" />
            <source>Test</source>
            <translation>Testen</translation>
        </message>
        <message>
            <location filename="../../plugin/options/page.py" />
            <source>Stopped.</source>
            <translation>Angehalten.</translation>
        </message>
        <message>
            <location filename="../../plugin/options/page.py" />
            <source>ZoomEarth is not set up yet. Click 'Set up ...' above.</source>
            <translation>ZoomEarth ist noch nicht eingerichtet. Klicken Sie oben auf „Einrichten ...“.</translation>
        </message>
        <message>
            <location filename="../../plugin/options/self_test.py" />
            <source>The test works. Question: {question} Answer: {answer} (correct: {truth}). Time with loading: {seconds:.1f} s.</source>
            <translation>Der Test funktioniert. Frage: {question} Antwort: {answer} (richtig: {truth}). Zeit mit Laden: {seconds:.1f} s.</translation>
        </message>
        <message>
            <location filename="../../plugin/options/self_test.py" />
            <source>Testing how the model marks places ...</source>
            <translation>Test, wie das Modell Orte markiert ...</translation>
        </message>
        <message>
            <location filename="../../plugin/options/self_test.py" />
            <source>Loading the model ...</source>
            <translation>Das Modell wird geladen ...</translation>
        </message>
        <message>
            <location filename="../../plugin/options/self_test.py" />
            <source>The model gave no answer.</source>
            <translation>Das Modell gab keine Antwort.</translation>
        </message>
        <message>
            <location filename="../../plugin/options/self_test.py" />
            <source>Asking: {question}</source>
            <translation>Gefragt wird: {question}</translation>
        </message>
        <message>
            <location filename="../../plugin/options/servers.py" />
            <source>Looks for Ollama, LM Studio, vLLM, SGLang and llama.cpp on this computer, at the ports that they usually have</source>
            <translation>Sucht auf diesem Computer nach Ollama, LM Studio, vLLM, SGLang und llama.cpp, an den Ports, die sie gewöhnlich haben</translation>
        </message>
        <message>
            <location filename="../../plugin/options/servers.py" />
            <source>Models that were found. Choose one to use it.</source>
            <translation>Gefundene Modelle. Wählen Sie eines, um es zu verwenden.</translation>
        </message>
        <message>
            <location filename="../../plugin/options/servers.py" />
            <source>What was found</source>
            <translation>Was gefunden wurde</translation>
        </message>
        <message>
            <location filename="../../plugin/options/servers.py" />
            <source>Looking ...</source>
            <translation>Suche läuft ...</translation>
        </message>
        <message>
            <location filename="../../plugin/options/servers.py" />
            <source>Chosen. Click Test below to try it.</source>
            <translation>Gewählt. Klicken Sie unten auf Testen, um es auszuprobieren.</translation>
        </message>
        <message>
            <location filename="../../plugin/options/servers.py" />
            <source>Find servers</source>
            <translation>Server suchen</translation>
        </message>
        <message>
            <location filename="../../plugin/options/servers.py" />
            <source>{model} on {server}</source>
            <translation>{model} auf {server}</translation>
        </message>
        <message>
            <location filename="../../plugin/options/servers.py" />
            <source>{model} on {server} (does not say whether it takes pictures)</source>
            <translation>{model} auf {server} (gibt nicht an, ob es Bilder annimmt)</translation>
        </message>
        <message>
            <location filename="../../plugin/options/servers.py" />
            <source>{count} models found: choose one.</source>
            <translation>{count} Modelle gefunden: Wählen Sie eines.</translation>
        </message>
        <message>
            <location filename="../../plugin/options/servers.py" />
            <source>1 model found: choose it.</source>
            <translation>1 Modell gefunden: Wählen Sie es.</translation>
        </message>
        <message>
            <location filename="../../plugin/options/servers.py" />
            <source>These take no pictures: {models}.</source>
            <translation>Diese nehmen keine Bilder an: {models}.</translation>
        </message>
        <message>
            <location filename="../../plugin/options/servers.py" />
            <source>{server} at {url} asks for a key: enter its address and key below.</source>
            <translation>{server} unter {url} verlangt einen Schlüssel: Geben Sie unten Adresse und Schlüssel ein.</translation>
        </message>
        <message>
            <location filename="../../plugin/options/servers.py" />
            <source>No server answers on this computer (ports: {ports}).</source>
            <translation>Auf diesem Computer antwortet kein Server (Ports: {ports}).</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/again.py" />
            <source>The layer that {layer} was compared with is not in the project.</source>
            <translation>Der Layer, mit dem {layer} verglichen wurde, ist nicht im Projekt.</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/again.py" />
            <source>The layer {layer} is not in the project.</source>
            <translation>Der Layer {layer} ist nicht im Projekt.</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/answer_kind.py" />
            <source>What the answer must be. The model is told so, and an answer that does not fit is unreadable.</source>
            <translation>Was die Antwort sein muss. Das wird dem Modell gesagt; eine Antwort, die nicht passt, ist unlesbar.</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/answer_kind.py" />
            <source>List of answers, separated by commas</source>
            <translation>Liste der Antworten, durch Kommas getrennt</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/answer_kind.py" />
            <source>residential, industrial, farmland</source>
            <translation>Wohngebiet, Gewerbe, Acker</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/answer_kind.py" />
            <source>For example: yes, no, unsure</source>
            <translation>Zum Beispiel: ja, nein, unsicher</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/answer_kind.py" />
            <source>The list of answers can't be used: {reason}</source>
            <translation>Die Liste der Antworten ist nicht brauchbar: {reason}</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/card.py" />
            <source>Confidence is computed from the probabilities of the words in the answer. A higher value is more often right, but 0.65 does not mean that 65 % of such answers are right.</source>
            <translation>Die Konfidenz wird aus den Wahrscheinlichkeiten der Wörter in der Antwort berechnet. Ein höherer Wert ist öfter richtig, aber 0,65 heißt nicht, dass 65 % solcher Antworten richtig sind.</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/card.py" />
            <source>{name}: pixels {left}, {top} to {right}, {bottom}; {scale}. Click to show this place on the map.</source>
            <translation>{name}: Pixel {left}, {top} bis {right}, {bottom}; {scale}. Klicken Sie, um diese Stelle auf der Karte zu sehen.</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/card.py" />
            <source>Delete this question (you can undo this)</source>
            <translation>Diese Frage löschen (kann rückgängig gemacht werden)</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/card.py" />
            <source>Show or hide what the model wrote before its answer</source>
            <translation>Zeigen oder verbergen, was das Modell vor seiner Antwort schrieb</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/card.py" />
            <source>Reasoning</source>
            <translation>Gedankengang</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/card.py" />
            <source>Tools</source>
            <translation>Werkzeuge</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/card.py" />
            <source>{checked} (checked; the model: {answer})</source>
            <translation>{checked} (geprüft; das Modell: {answer})</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/card.py" />
            <source>Answer: {answer}</source>
            <translation>Antwort: {answer}</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/card.py" />
            <source>Label this place</source>
            <translation>Diesen Ort beschriften</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/card.py" />
            <source>Tools for {place}</source>
            <translation>Werkzeuge für {place}</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/card.py" />
            <source>prompt format {dialect}</source>
            <translation>Prompt-Format {dialect}</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/card.py" />
            <source>Question: {question}</source>
            <translation>Frage: {question}</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/card_menu.py" />
            <source>More about this question: copy, ask again, edit</source>
            <translation>Mehr zu dieser Frage: kopieren, erneut fragen, bearbeiten</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/card_menu.py" />
            <source>&amp;Copy the answer</source>
            <translation>Antwort &amp;kopieren</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/card_menu.py" />
            <source>Ask &amp;again</source>
            <translation>&amp;Erneut fragen</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/card_menu.py" />
            <source>&amp;Edit the question</source>
            <translation>Frage &amp;bearbeiten</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/card_menu.py" />
            <source>Use this &amp;box as area</source>
            <translation>Diesen &amp;Rahmen als Gebiet verwenden</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/comparison.py" />
            <source>{left} (left) and {right} (right). Drag the line, or use the arrow keys, Home and End.</source>
            <translation>{left} (links) und {right} (rechts). Ziehen Sie die Linie, oder nehmen Sie die Pfeiltasten, Pos1 und Ende.</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/dock.py" />
            <source>Put the file back and open the project again. Otherwise the next answer starts a new results file.</source>
            <translation>Legen Sie die Datei zurück und öffnen Sie das Projekt erneut. Sonst beginnt die nächste Antwort eine neue Ergebnisdatei.</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/dock.py" />
            <source>ZoomEarth</source>
            <translation>ZoomEarth</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/dock.py" />
            <source>Restart</source>
            <translation>Neu starten</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/dock.py" />
            <source>Start the model process again</source>
            <translation>Den Modellprozess neu starten</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/dock.py" />
            <source>Show log</source>
            <translation>Protokoll anzeigen</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/dock.py" />
            <source>Open the log messages of QGIS at the ZoomEarth tab</source>
            <translation>Die Protokollmeldungen von QGIS beim Reiter ZoomEarth öffnen</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/dock.py" />
            <source>The results are temporary. Save the project or choose a file to keep them.</source>
            <translation>Die Ergebnisse sind nur temporär gespeichert. Speichern Sie das Projekt oder wählen Sie eine Datei.</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/dock.py" />
            <source>Choose the results file (GeoPackage)</source>
            <translation>Ergebnisdatei wählen (GeoPackage)</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/dock.py" />
            <source>demo scene</source>
            <translation>Demoszene</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/dock.py" />
            <source>Choose…</source>
            <translation>Auswählen…</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/dock.py" />
            <source>Choose a raster layer and type a question.</source>
            <translation>Wählen Sie einen Rasterlayer und geben Sie eine Frage ein.</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/dock.py" />
            <source>Choose a raster layer and type what to find, for example: ships</source>
            <translation>Wählen Sie einen Rasterlayer, und schreiben Sie, was gesucht wird, zum Beispiel: ships</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/dock.py" />
            <source>Results file</source>
            <translation>Ergebnisdatei</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/dock.py" />
            <source>One question is waiting.</source>
            <translation>Eine Frage wartet.</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/dock.py" />
            <source>Select one, or use Find all in the toolbox.</source>
            <translation>Wählen Sie eines aus, oder nehmen Sie Alle finden in der Werkzeugkiste.</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/dock.py" />
            <source>The results file of this project is missing: {path}.</source>
            <translation>Die Ergebnisdatei dieses Projekts fehlt: {path}.</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/dock.py" />
            <source>{count} questions are waiting.</source>
            <translation>{count} Fragen warten.</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/dock.py" />
            <source>Save the results as</source>
            <translation>Ergebnisse speichern als</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/dock.py" />
            <source>{count} polygons are selected. The question is asked once for each of them. Continue?</source>
            <translation>{count} Polygone sind gewählt. Die Frage wird für jedes einmal gestellt. Fortfahren?</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/dock.py" />
            <source>No unsaved results</source>
            <translation>Keine ungespeicherten Ergebnisse</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/dock.py" />
            <source>{count} polygons are selected.</source>
            <translation>{count} Polygone sind ausgewählt.</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/find_button.py" />
            <source>Find all: mark and count all such things. Type what to find in English, for example: ships</source>
            <translation>Alle finden: alle solchen Dinge markieren und zählen. Schreiben Sie auf Englisch, was gesucht wird, zum Beispiel: ships</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/find_button.py" />
            <source>&amp;Outline what is found</source>
            <translation>&amp;Umriss statt Rechteck</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/find_button.py" />
            <source>Each thing is its outline, by the segmentation tool, instead of a box. It takes longer.</source>
            <translation>Jede Fundstelle erhält ihren Umriss (Werkzeug Segmentieren) statt eines Rechtecks. Das dauert länger.</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/first_sight.py" />
            <source>Add the drawn scene that the demo model knows to the project</source>
            <translation>Die gezeichnete Szene, die das Demomodell kennt, zum Projekt hinzufügen</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/first_sight.py" />
            <source>Choose a raster layer and type a question below. The answer appears here, with the places that the model looked at.</source>
            <translation>Wählen Sie einen Rasterlayer und geben Sie unten eine Frage ein. Hier erscheint die Antwort mit den Stellen, die das Modell angesehen hat.</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/first_sight.py" />
            <source>Write this question into the question box</source>
            <translation>Diese Frage in das Fragefeld schreiben</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/first_sight.py" />
            <source>Open the &amp;demo scene</source>
            <translation>&amp;Demoszene öffnen</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/form.py" />
            <source>A second raster layer of the same place, for example of another date. The model is shown the same part of both layers. Needs a model that takes several pictures, such as Qwen3-VL.</source>
            <translation>Ein zweiter Rasterlayer desselben Ortes, zum Beispiel von einem anderen Datum. Das Modell sieht denselben Teil beider Layer. Braucht ein Modell, das mehrere Bilder annimmt, zum Beispiel Qwen3-VL.</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/form.py" />
            <source>While it answers, the model may outline, denoise or edit a place and look at the result. The other rasters of the place are images of other dates.</source>
            <translation>Während es antwortet, darf das Modell eine Stelle umranden, entrauschen oder bearbeiten und das Ergebnis ansehen. Die anderen Raster der Stelle sind Bilder anderer Daten.</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/form.py" />
            <source>The pixels of this layer are not in a file, so QGIS draws the layer as an image for the model. This value is the size of one pixel of that image. A smaller value shows more detail and takes more time.</source>
            <translation>Die Pixel dieses Layers liegen nicht in einer Datei, deshalb zeichnet QGIS den Layer für das Modell als Bild. Dieser Wert ist die Größe eines Pixels dieses Bildes. Ein kleinerer Wert zeigt mehr Details und braucht mehr Zeit.</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/form.py" />
            <source>Raster layer</source>
            <translation>Rasterlayer</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/form.py" />
            <source>The raster layer that you ask about. It follows the active layer of QGIS.</source>
            <translation>Der Rasterlayer, zu dem Sie fragen. Er folgt dem aktiven Layer von QGIS.</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/form.py" />
            <source>Layer to compare with</source>
            <translation>Layer zum Vergleichen</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/form.py" />
            <source>Compare</source>
            <translation>Vergleich</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/form.py" />
            <source>Area</source>
            <translation>Bereich</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/form.py" />
            <source>The part of the layer that the model may look at.</source>
            <translation>Der Teil des Layers, den das Modell ansehen darf.</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/form.py" />
            <source>Layer of the polygons</source>
            <translation>Layer der Polygone</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/form.py" />
            <source>Draw a rectangle on the map</source>
            <translation>Ein Rechteck auf die Karte zeichnen</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/form.py" />
            <source>Tools for this area</source>
            <translation>Werkzeuge für diesen Bereich</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/form.py" />
            <source>&amp;Let the model use tools</source>
            <translation>Das Modell darf &amp;Werkzeuge benutzen</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/form.py" />
            <source>Detail: map units per pixel</source>
            <translation>Detail: Karteneinheiten je Pixel</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/form.py" />
            <source>Detail</source>
            <translation>Detail</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/form.py" />
            <source>Size of the image of the layer</source>
            <translation>Größe des Bildes vom Layer</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/form.py" />
            <source>Use a resolution that fits the area and the map</source>
            <translation>Eine Auflösung verwenden, die zum Bereich und zur Karte passt</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/form.py" />
            <source>How to draw the rectangle</source>
            <translation>Wie das Rechteck gezeichnet wird</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/form.py" />
            <source>Which colours the model sees: those of the layer style in QGIS, or the bands of the file without the style</source>
            <translation>Welche Farben das Modell sieht: die des Layerstils in QGIS oder die Kanäle der Datei ohne den Stil</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/form.py" />
            <source>As shown in QGIS</source>
            <translation>Wie in QGIS gezeigt</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/form.py" />
            <source>Without the layer style</source>
            <translation>Ohne den Layerstil</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/form.py" />
            <source>Colours</source>
            <translation>Farben</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/form.py" />
            <source>QGIS draws the layer as an image in its full resolution.</source>
            <translation>QGIS zeichnet den Layer als Bild in seiner vollen Auflösung.</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/form.py" />
            <source>Whole layer</source>
            <translation>Ganzer Layer</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/form.py" />
            <source>Map canvas extent</source>
            <translation>Ausdehnung der Kartenansicht</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/form.py" />
            <source>Drawn rectangle</source>
            <translation>Gezeichnetes Rechteck</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/form.py" />
            <source>Selected polygons</source>
            <translation>Gewählte Polygone</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/form.py" />
            <source>All polygons of a layer</source>
            <translation>Alle Polygone eines Layers</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/form.py" />
            <source>Drag a rectangle on the map.</source>
            <translation>Ziehen Sie ein Rechteck auf der Karte auf.</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/form.py" />
            <source>No rectangle is drawn yet.</source>
            <translation>Es ist noch kein Rechteck gezeichnet.</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/form.py" />
            <source>Drag a rectangle on the map, then ask again.</source>
            <translation>Ziehen Sie ein Rechteck auf der Karte auf und fragen Sie erneut.</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/form.py" />
            <source>whole layer</source>
            <translation>ganzer Layer</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/form.py" />
            <source>Choose a finer resolution or a larger area.</source>
            <translation>Wählen Sie eine feinere Auflösung oder einen größeren Bereich.</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/form.py" />
            <source>Choose a larger area.</source>
            <translation>Wählen Sie einen größeren Bereich.</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/form.py" />
            <source>Use {resolution} {unit} per pixel</source>
            <translation>{resolution} {unit} je Pixel verwenden</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/form.py" />
            <source> {unit} per pixel</source>
            <translation> {unit} je Pixel</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/form.py" />
            <source>= {columns} x {rows} px</source>
            <translation>= {columns} x {rows} px</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/form.py" />
            <source>: too small for a useful answer.</source>
            <translation>: zu klein für eine brauchbare Antwort.</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/judgement.py" />
            <source>The answer is right: keep it as a label to train on</source>
            <translation>Die Antwort ist richtig: als Label für das Training behalten</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/judgement.py" />
            <source>The answer is wrong: say what is right</source>
            <translation>Die Antwort ist falsch: sagen, was richtig ist</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/judgement.py" />
            <source>The right answer</source>
            <translation>Die richtige Antwort</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/judgement.py" />
            <source>Drag the box on the map that the model should have looked at</source>
            <translation>Den Rahmen auf der Karte aufziehen, den das Modell hätte ansehen sollen</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/judgement.py" />
            <source>Keep the right answer as a label to train on</source>
            <translation>Die richtige Antwort als Label für das Training behalten</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/judgement.py" />
            <source>Box ✓</source>
            <translation>Rahmen ✓</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/judgement.py" />
            <source>Right</source>
            <translation>Richtig</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/judgement.py" />
            <source>Wrong…</source>
            <translation>Falsch…</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/judgement.py" />
            <source>Box…</source>
            <translation>Rahmen…</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/judgement.py" />
            <source>Save</source>
            <translation>Speichern</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/leaving.py" />
            <source>One question is waiting. Discard it?</source>
            <translation>Eine Frage wartet. Verwerfen?</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/leaving.py" />
            <source>Close anyway?</source>
            <translation>Trotzdem schließen?</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/leaving.py" />
            <source>They will be lost. Close anyway?</source>
            <translation>Sie gehen verloren. Trotzdem schließen?</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/leaving.py" />
            <source>Answering the waiting questions…</source>
            <translation>Die wartenden Fragen werden beantwortet …</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/leaving.py" />
            <source>Discard them</source>
            <translation>Verwerfen</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/leaving.py" />
            <source>{count} questions are waiting. Discard them?</source>
            <translation>{count} Fragen warten. Verwerfen?</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/question_box.py" />
            <source>Are there ships at the northern pier?</source>
            <translation>Are there ships at the northern pier? (am besten auf Englisch)</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/question_box.py" />
            <source>Ctrl+Enter asks the question. The keys Up and Down show earlier questions.</source>
            <translation>Strg+Eingabe stellt die Frage. Die Pfeiltasten auf und ab zeigen frühere Fragen.</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/run_box.py" />
            <source>Reading the rows…</source>
            <translation>Zeilen werden gelesen …</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/run_box.py" />
            <source>in progress</source>
            <translation>läuft</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/run_box.py" />
            <source>Stop asking for now; what was answered stays</source>
            <translation>Vorerst nicht weiter fragen; was beantwortet ist, bleibt</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/run_box.py" />
            <source>Ask the rows that have not been asked</source>
            <translation>Zu den Zeilen fragen, zu denen noch nicht gefragt wurde</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/run_box.py" />
            <source>End the run; what was answered stays</source>
            <translation>Den Lauf beenden; was beantwortet ist, bleibt</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/run_box.py" />
            <source>Ask the rows that failed once more</source>
            <translation>Zu den fehlgeschlagenen Zeilen noch einmal fragen</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/run_box.py" />
            <source>Open the table of the answers, to check them</source>
            <translation>Die Tabelle der Antworten öffnen, um sie zu prüfen</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/run_box.py" />
            <source>stopping</source>
            <translation>wird angehalten</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/run_box.py" />
            <source>{hours} h {minutes} min left</source>
            <translation>noch {hours} h {minutes} min</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/run_box.py" />
            <source>&amp;Pause</source>
            <translation>&amp;Pause</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/run_box.py" />
            <source>&amp;Continue</source>
            <translation>&amp;Weiter</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/run_box.py" />
            <source>&amp;Table</source>
            <translation>&amp;Tabelle</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/run_box.py" />
            <source>{seconds} s left</source>
            <translation>noch {seconds} s</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/run_box.py" />
            <source>{minutes} min left</source>
            <translation>noch {minutes} min</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/run_box.py" />
            <source>{count} failed: &amp;retry</source>
            <translation>{count} fehlgeschlagen: &amp;wiederholen</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/run_box.py" />
            <source>paused</source>
            <translation>angehalten</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/run_box.py" />
            <source>{count} failed</source>
            <translation>{count} fehlgeschlagen</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/run_box.py" />
            <source>{count} checked</source>
            <translation>{count} geprüft</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/stage.py" />
            <source>drawing the layer as an image</source>
            <translation>der Layer wird als Bild gezeichnet</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/stage.py" />
            <source>reading the polygons</source>
            <translation>Polygone werden gelesen</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/stage.py" />
            <source>testing how the model marks places</source>
            <translation>Test, wie das Modell Orte markiert</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/stage.py" />
            <source>the model is reading the picture</source>
            <translation>das Modell liest das Bild</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/stage.py" />
            <source>thinking</source>
            <translation>denkt nach</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/stage.py" />
            <source>{count} found, view {done} of {total}</source>
            <translation>{count} gefunden, Ausschnitt {done} von {total}</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/stage.py" />
            <source>the server did not reply: try {number} of {tries}</source>
            <translation>der Server hat nicht geantwortet: Versuch {number} von {tries}</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/stage.py" />
            <source>looking at “{label}”</source>
            <translation>sieht sich „{label}“ an</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/tool_bench.py" />
            <source>Add the layer again, then choose the tool.</source>
            <translation>Fügen Sie den Layer wieder hinzu und wählen Sie dann das Werkzeug.</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/tool_bench.py" />
            <source>The model saw a picture that QGIS drew of the layer {layer}. Its place in the file is not known.</source>
            <translation>Das Modell hat ein Bild gesehen, das QGIS vom Layer {layer} gezeichnet hat. Seine Lage in der Datei ist nicht bekannt.</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/tool_bench.py" />
            <source>Choose a raster layer.</source>
            <translation>Wählen Sie einen Rasterlayer.</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/tool_bench.py" />
            <source>Draw a rectangle there, and choose the tool beside Area.</source>
            <translation>Zeichnen Sie dort ein Rechteck und wählen Sie das Werkzeug neben „Bereich“.</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/tool_bench.py" />
            <source>{count} polygons are selected. The tool is used once for each of them. Continue?</source>
            <translation>{count} Polygone sind gewählt. Das Werkzeug wird auf jedes einmal angewandt. Fortfahren?</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/tool_bench.py" />
            <source>The file of this result no longer exists: {file}.</source>
            <translation>Die Datei dieses Ergebnisses gibt es nicht mehr: {file}.</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/tool_bench.py" />
            <source>Zoom {number}</source>
            <translation>Zoom {number}</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/tool_dialog.py" />
            <source>Rasters of the same place on other dates; any CRS and resolution</source>
            <translation>Raster desselben Ortes zu anderen Zeitpunkten; KBS und Auflösung beliebig</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/tool_dialog.py" />
            <source>What the place shows; kept with the result</source>
            <translation>Was an dieser Stelle zu sehen ist; wird mit dem Ergebnis gespeichert</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/tool_dialog.py" />
            <source>What is missing</source>
            <translation>Was fehlt</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/tool_dialog.py" />
            <source>Type as the label what to draw.</source>
            <translation>Geben Sie als Bezeichnung ein, was gezeichnet werden soll.</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/tool_dialog.py" />
            <source>Tick an image of another date of the same place.</source>
            <translation>Kreuzen Sie ein Bild desselben Ortes zu einem anderen Zeitpunkt an.</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/tool_dialog.py" />
            <source>Images of other dates</source>
            <translation>Bilder anderer Zeitpunkte</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/tool_dialog.py" />
            <source>Polygons that say where to work: the selected ones, or all</source>
            <translation>Polygone, in denen gearbeitet wird: die gewählten oder alle</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/tool_dialog.py" />
            <source>Mask</source>
            <translation>Maske</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/tool_dialog.py" />
            <source>Add a raster layer of another date of the same place to the project first.</source>
            <translation>Fügen Sie dem Projekt zuerst einen Rasterlayer desselben Ortes zu einem anderen Zeitpunkt hinzu.</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/toolbar.py" />
            <source>Export the results or a report</source>
            <translation>Die Ergebnisse oder einen Bericht exportieren</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/toolbar.py" />
            <source>Places looked at and answers as GeoPackage, Shapefile, CSV…</source>
            <translation>Betrachtete Stellen und Antworten als GeoPackage, Shapefile, CSV …</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/toolbar.py" />
            <source>Report as HTML…</source>
            <translation>Bericht als HTML …</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/toolbar.py" />
            <source>Report as PDF…</source>
            <translation>Bericht als PDF …</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/toolbar.py" />
            <source>Undo delete</source>
            <translation>Löschen rückgängig machen</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/toolbar.py" />
            <source>Choose the results file (GeoPackage)…</source>
            <translation>Ergebnisdatei wählen (GeoPackage) …</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/toolbar.py" />
            <source>Reload the results</source>
            <translation>Ergebnisse neu laden</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/toolbar.py" />
            <source>Open earlier unsaved results</source>
            <translation>Frühere ungespeicherte Ergebnisse öffnen</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/toolbar.py" />
            <source>Settings: model, server and Python environment</source>
            <translation>Einstellungen: Modell, Server und Python-Umgebung</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/toolbar.py" />
            <source>&amp;Cancel</source>
            <translation>Abbre&amp;chen</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/toolbar.py" />
            <source>Stop the current question and discard the waiting questions (Esc)</source>
            <translation>Die laufende Frage abbrechen und die wartenden verwerfen (Esc)</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/toolbar.py" />
            <source>As&amp;k</source>
            <translation>&amp;Fragen</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/toolbar.py" />
            <source>Ask about the layer (Ctrl+Enter)</source>
            <translation>Zum Layer fragen (Strg+Eingabe)</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/toolbar.py" />
            <source>server</source>
            <translation>Server</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/toolbar.py" />
            <source>{model} answers. Click to choose another model.</source>
            <translation>{model} antwortet. Klicken Sie, um ein anderes Modell zu wählen.</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/transcript.py" />
            <source>Questions and answers</source>
            <translation>Fragen und Antworten</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/transcript.py" />
            <source>Show earlier questions</source>
            <translation>Frühere Fragen zeigen</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/use_box.py" />
            <source>Move the map to the place, and show the layer of the result</source>
            <translation>Karte zu dieser Stelle bewegen und den Layer des Ergebnisses zeigen</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/use_box.py" />
            <source>Remove this result and its layer (you can undo this)</source>
            <translation>Dieses Ergebnis und seinen Layer entfernen (lässt sich rückgängig machen)</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/use_box.py" />
            <source>Show on map</source>
            <translation>Auf der Karte zeigen</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/use_box.py" />
            <source>Remove</source>
            <translation>Entfernen</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/use_box.py" />
            <source>Check each thing by keys; the count follows</source>
            <translation>Jedes Ding mit Tasten prüfen; die Anzahl folgt</translation>
        </message>
        <message>
            <location filename="../../plugin/panel/use_box.py" />
            <source>&amp;Check</source>
            <translation>&amp;Prüfen</translation>
        </message>
        <message>
            <location filename="../../plugin/plugin.py" />
            <source>Ask a question about a raster (ZoomEarth)</source>
            <translation>Eine Frage zu einem Raster stellen (ZoomEarth)</translation>
        </message>
        <message>
            <location filename="../../plugin/plugin.py" />
            <source>Label rasters with boxes, questions and answers (ZoomEarth)</source>
            <translation>Raster mit Rahmen, Fragen und Antworten beschriften (ZoomEarth)</translation>
        </message>
        <message>
            <location filename="../../plugin/plugin.py" />
            <source>The Python program {path} does not exist. Choose another one in Settings &gt; Options &gt; ZoomEarth.</source>
            <translation>Das Python-Programm {path} ist nicht vorhanden. Wählen Sie ein anderes unter Einstellungen &gt; Optionen &gt; ZoomEarth.</translation>
        </message>
        <message>
            <location filename="../../plugin/plugin.py" />
            <source>ZoomEarth is not set up yet.</source>
            <translation>ZoomEarth ist noch nicht eingerichtet.</translation>
        </message>
        <message>
            <location filename="../../plugin/plugin.py" />
            <source>Set it up in Settings &gt; Options &gt; ZoomEarth.</source>
            <translation>Richten Sie es unter Einstellungen &gt; Optionen &gt; ZoomEarth ein.</translation>
        </message>
        <message>
            <location filename="../../plugin/plugin.py" />
            <source>Saved: {path}</source>
            <translation>Gespeichert: {path}</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/ask.py" />
            <source>Ask a raster</source>
            <translation>Ein Raster befragen</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/ask.py" />
            <source>Asks a question about a raster. Returns the answer and the places that the model looked at.</source>
            <translation>Stellt eine Frage zu einem Raster. Liefert die Antwort und die Stellen, die das Modell angesehen hat.</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/ask.py" />
            <source>&lt;p&gt;Asks a vision-language model a question about a raster of any size. First the model sees a small overview of the whole raster. Then it zooms to the places it wants to see in full resolution, and answers.&lt;/p&gt;&lt;p&gt;Good questions name one thing and where it is: &lt;i&gt;How many ships are at the northern pier? What colour is the roof beside the stadium?&lt;/i&gt;&lt;/p&gt;&lt;p&gt;Outputs: ANSWER is the answer. CONFIDENCE is the model's own confidence from 0 to 1. Use it to compare answers: it is not a probability. It is empty if the model gives none. MEANINGLESS is true if the demo model was asked about an image that is not a demo scene. STOPPED is the status: answered, limit (the maximum number of zooms was reached), unreadable ... The output layer has a polygon for each place that the model looked at: check the answer there. The layer is empty if the model answered from the overview.&lt;/p&gt;</source>
            <translation>&lt;p&gt;Stellt einem Bild-Sprach-Modell eine Frage zu einem Raster beliebiger Größe. Zuerst sieht das Modell eine kleine Übersicht des ganzen Rasters. Dann zoomt es zu den Stellen, die es in voller Auflösung sehen will, und antwortet.&lt;/p&gt;&lt;p&gt;Gute Fragen nennen eine Sache und wo sie ist: &lt;i&gt;How many ships are at the northern pier? What colour is the roof beside the stadium?&lt;/i&gt;&lt;/p&gt;&lt;p&gt;Ausgaben: ANSWER ist die Antwort. CONFIDENCE ist die eigene Konfidenz des Modells von 0 bis 1. Verwenden Sie sie, um Antworten zu vergleichen: Sie ist keine Wahrscheinlichkeit. Sie ist leer, wenn das Modell keine angibt. MEANINGLESS ist wahr, wenn das Demo-Modell zu einem Bild gefragt wurde, das keine Demo-Szene ist. STOPPED ist der Status: answered (beantwortet), limit (die Höchstzahl der Zooms war erreicht), unreadable (unlesbar) ... Der Ausgabelayer hat ein Polygon für jede Stelle, die das Modell angesehen hat: Prüfen Sie die Antwort dort. Der Layer ist leer, wenn das Modell nach der Übersicht geantwortet hat.&lt;/p&gt;</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/ask.py" />
            <source>Any raster layer. The model sees it with the colours of its layer style in QGIS.</source>
            <translation>Ein beliebiger Rasterlayer. Das Modell sieht ihn in den Farben seines Layerstils in QGIS.</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/ask.py" />
            <source>A question in plain words, preferably in English: How many planes are at the airport?</source>
            <translation>Eine Frage in einfachen Worten, möglichst auf Englisch: How many planes are at the airport?</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/ask.py" />
            <source>Area (extent)</source>
            <translation>Bereich (Ausdehnung)</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/ask.py" />
            <source>The model sees only what is inside this extent. Empty: the whole raster.</source>
            <translation>Das Modell sieht nur, was innerhalb dieser Ausdehnung liegt. Leer: das ganze Raster.</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/ask.py" />
            <source>Answer in its type</source>
            <translation>Antwort in ihrem Typ</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/ask.py" />
            <source>Confidence</source>
            <translation>Konfidenz</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/ask.py" />
            <source>Answer is meaningless</source>
            <translation>Antwort ist bedeutungslos</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/askbyfeature.py" />
            <source>Ask by feature</source>
            <translation>Je Objekt fragen</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/askbyfeature.py" />
            <source>Asks the same question about a raster inside each polygon of a layer. The answers become attributes.</source>
            <translation>Stellt in jedem Polygon eines Layers dieselbe Frage zu einem Raster. Die Antworten werden Attribute.</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/askbyfeature.py" />
            <source>&lt;p&gt;Asks a question about a raster once for each polygon, and copies the polygons with the answer as attributes: &lt;i&gt;answer&lt;/i&gt;, &lt;i&gt;confidence&lt;/i&gt; (the model's own, from 0 to 1; not a probability), &lt;i&gt;meaningless&lt;/i&gt; (true if the demo model was asked about an image that is not a demo scene), &lt;i&gt;stopped&lt;/i&gt; (status), &lt;i&gt;seconds&lt;/i&gt;, &lt;i&gt;model&lt;/i&gt;, &lt;i&gt;error&lt;/i&gt; and &lt;i&gt;exchange&lt;/i&gt; (id of the question). The model sees only what is inside the polygon: everything else, also in the holes of the polygon, is grey. The polygons may have another CRS than the raster.&lt;/p&gt;&lt;p&gt;The question may contain expressions. They are evaluated for each feature: &lt;i&gt;How many ships are at [% "name" %]?&lt;/i&gt;&lt;/p&gt;&lt;p&gt;A polygon without an answer, for example outside the raster, has the reason in &lt;i&gt;error&lt;/i&gt;. The run fails only if all polygons fail. At its end, the log shows how many rows have which status.&lt;/p&gt;&lt;p&gt;The optional layer of places looked at has the field &lt;i&gt;exchange&lt;/i&gt; of the polygon, and the display name of the polygon in the field &lt;i&gt;feature&lt;/i&gt;.&lt;/p&gt;</source>
            <translation>&lt;p&gt;Stellt für jedes Polygon einmal eine Frage zu einem Raster und kopiert die Polygone mit der Antwort als Attributen: &lt;i&gt;answer&lt;/i&gt; (Antwort), &lt;i&gt;confidence&lt;/i&gt; (eigene Konfidenz des Modells von 0 bis 1; keine Wahrscheinlichkeit), &lt;i&gt;meaningless&lt;/i&gt; (wahr, wenn das Demo-Modell zu einem Bild gefragt wurde, das keine Demo-Szene ist), &lt;i&gt;stopped&lt;/i&gt; (Status), &lt;i&gt;seconds&lt;/i&gt; (Sekunden), &lt;i&gt;model&lt;/i&gt; (Modell), &lt;i&gt;error&lt;/i&gt; (Fehler) und &lt;i&gt;exchange&lt;/i&gt; (Kennung der Frage). Das Modell sieht nur, was innerhalb des Polygons liegt: Alles andere, auch in den Löchern des Polygons, ist grau. Die Polygone dürfen ein anderes KBS als das Raster haben.&lt;/p&gt;&lt;p&gt;Die Frage darf Ausdrücke enthalten. Sie werden für jedes Objekt ausgewertet: &lt;i&gt;How many ships are at [% "name" %]?&lt;/i&gt;&lt;/p&gt;&lt;p&gt;Ein Polygon ohne Antwort, zum Beispiel außerhalb des Rasters, hat den Grund in &lt;i&gt;error&lt;/i&gt;. Der Lauf scheitert nur, wenn alle Polygone scheitern. Am Ende zeigt das Protokoll, wie viele Zeilen welchen Status haben.&lt;/p&gt;&lt;p&gt;Der optionale Layer der betrachteten Stellen hat das Feld &lt;i&gt;exchange&lt;/i&gt; des Polygons und den Anzeigenamen des Polygons im Feld &lt;i&gt;feature&lt;/i&gt;.&lt;/p&gt;</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/askbyfeature.py" />
            <source>Polygons</source>
            <translation>Polygone</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/askbyfeature.py" />
            <source>The question is asked once for each polygon. Many polygons take a long time: try a few first.</source>
            <translation>Die Frage wird für jedes Polygon einmal gestellt. Viele Polygone brauchen lange: Versuchen Sie es zuerst mit wenigen.</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/askbyfeature.py" />
            <source>A question in plain words. [% "field" %] inserts an attribute of the feature or any other expression.</source>
            <translation>Eine Frage in einfachen Worten. [% "field" %] setzt ein Attribut des Objekts oder jeden anderen Ausdruck ein.</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/askbyfeature.py" />
            <source>The polygons with the answers as attributes.</source>
            <translation>Die Polygone mit den Antworten als Attributen.</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/askbyfeature.py" />
            <source>The expression in the question can't be evaluated: {question}</source>
            <translation>Der Ausdruck in der Frage kann nicht ausgewertet werden: {question}</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/askbyfeature.py" />
            <source>Feature {name}</source>
            <translation>Objekt {name}</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/asker.py" />
            <source>Zoom {step}: {label}, {width} x {height} pixels, {scale}</source>
            <translation>Zoom {step}: {label}, {width} x {height} Pixel, {scale}</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/asker.py" />
            <source>Opening the raster</source>
            <translation>Das Raster wird geöffnet</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/asker.py" />
            <source>Creating the overview</source>
            <translation>Die Übersicht wird erstellt</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/asker.py" />
            <source>Loading the model</source>
            <translation>Das Modell wird geladen</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/asker.py" />
            <source>Testing how the model marks places</source>
            <translation>Test, wie das Modell Orte markiert</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/asker.py" />
            <source>The model is reading the picture</source>
            <translation>Das Modell liest das Bild</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/asker.py" />
            <source>Thinking</source>
            <translation>Denkt nach</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/asker.py" />
            <source>The server did not reply: trying again</source>
            <translation>Der Server hat nicht geantwortet: neuer Versuch</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/asker.py" />
            <source>Reading pixels</source>
            <translation>Pixel werden gelesen</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/asker.py" />
            <source>Meaningless answer: {answer}</source>
            <translation>Bedeutungslose Antwort: {answer}</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/asker.py" />
            <source>no label</source>
            <translation>ohne Bezeichnung</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/asker.py" />
            <source>no answer ({why})</source>
            <translation>keine Antwort ({why})</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/asker.py" />
            <source>Model: {model}</source>
            <translation>Modell: {model}</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/askmany.py" />
            <source>Ask many rasters</source>
            <translation>Viele Raster befragen</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/askmany.py" />
            <source>Asks each question of a list about each raster of a list. The answers become a table.</source>
            <translation>Stellt jede Frage einer Liste zu jedem Raster einer Liste. Die Antworten werden eine Tabelle.</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/askmany.py" />
            <source>&lt;p&gt;Asks each question about each raster and writes a table with one row for each pair: &lt;i&gt;layer&lt;/i&gt;, &lt;i&gt;question&lt;/i&gt;, &lt;i&gt;answer&lt;/i&gt;, &lt;i&gt;confidence&lt;/i&gt; (the model's own, from 0 to 1; not a probability), &lt;i&gt;meaningless&lt;/i&gt; (true if the demo model was asked about an image that is not a demo scene), &lt;i&gt;stopped&lt;/i&gt; (status), &lt;i&gt;seconds&lt;/i&gt;, &lt;i&gt;model&lt;/i&gt;, &lt;i&gt;error&lt;/i&gt; and &lt;i&gt;exchange&lt;/i&gt; (id of the question).&lt;/p&gt;&lt;p&gt;Write one question per line. A row without an answer has the reason in &lt;i&gt;error&lt;/i&gt;, and the run continues. It fails only if all rows fail. At its end, the log shows how many rows have which status. If you cancel the run, a table in a file keeps the rows that are finished.&lt;/p&gt;&lt;p&gt;The optional layer of places looked at has the CRS that you choose. Its field &lt;i&gt;exchange&lt;/i&gt; has the same value as the row of the table.&lt;/p&gt;</source>
            <translation>&lt;p&gt;Stellt jede Frage zu jedem Raster und schreibt eine Tabelle mit einer Zeile für jedes Paar: &lt;i&gt;layer&lt;/i&gt; (Layer), &lt;i&gt;question&lt;/i&gt; (Frage), &lt;i&gt;answer&lt;/i&gt; (Antwort), &lt;i&gt;confidence&lt;/i&gt; (eigene Konfidenz des Modells von 0 bis 1; keine Wahrscheinlichkeit), &lt;i&gt;meaningless&lt;/i&gt; (wahr, wenn das Demo-Modell zu einem Bild gefragt wurde, das keine Demo-Szene ist), &lt;i&gt;stopped&lt;/i&gt; (Status), &lt;i&gt;seconds&lt;/i&gt; (Sekunden), &lt;i&gt;model&lt;/i&gt; (Modell), &lt;i&gt;error&lt;/i&gt; (Fehler) und &lt;i&gt;exchange&lt;/i&gt; (Kennung der Frage).&lt;/p&gt;&lt;p&gt;Schreiben Sie eine Frage je Zeile. Eine Zeile ohne Antwort hat den Grund in &lt;i&gt;error&lt;/i&gt;, und der Lauf geht weiter. Er scheitert nur, wenn alle Zeilen scheitern. Am Ende zeigt das Protokoll, wie viele Zeilen welchen Status haben. Wenn Sie den Lauf abbrechen, behält eine Tabelle in einer Datei die fertigen Zeilen.&lt;/p&gt;&lt;p&gt;Der optionale Layer der betrachteten Stellen hat das KBS, das Sie wählen. Sein Feld &lt;i&gt;exchange&lt;/i&gt; hat denselben Wert wie die Zeile der Tabelle.&lt;/p&gt;</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/askmany.py" />
            <source>Rasters</source>
            <translation>Raster</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/askmany.py" />
            <source>Any raster layers. The model sees each with the colours of its layer style in QGIS.</source>
            <translation>Beliebige Rasterlayer. Das Modell sieht jeden in den Farben seines Layerstils in QGIS.</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/askmany.py" />
            <source>Questions, one per line</source>
            <translation>Fragen, eine je Zeile</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/askmany.py" />
            <source>Each line is a separate question. The model does not remember the lines before. Empty lines are ignored.</source>
            <translation>Jede Zeile ist eine eigene Frage. Das Modell erinnert sich nicht an die Zeilen davor. Leere Zeilen werden ignoriert.</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/askmany.py" />
            <source>CRS of the places looked at</source>
            <translation>KBS der betrachteten Stellen</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/askmany.py" />
            <source>Empty: the CRS of the first raster.</source>
            <translation>Leer: das KBS des ersten Rasters.</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/askmany.py" />
            <source>A table without geometry: one row for each question about each raster.</source>
            <translation>Eine Tabelle ohne Geometrie: eine Zeile für jede Frage zu jedem Raster.</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/askmany.py" />
            <source>There is no raster among the layers. Choose at least one.</source>
            <translation>Unter den Layern ist kein Raster. Wählen Sie mindestens eines.</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/askmany.py" />
            <source>There is no question. Write one question per line, for example: How many ships are there?</source>
            <translation>Es gibt keine Frage. Schreiben Sie eine Frage je Zeile, zum Beispiel: How many ships are there?</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/common.py" />
            <source>Compare with</source>
            <translation>Vergleichen mit</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/common.py" />
            <source>A second raster of the same place, for example of another date, for questions such as What changed? The model is shown the same part of both. Needs a model that takes several pictures, such as Qwen3-VL. Empty: one raster.</source>
            <translation>Ein zweites Raster desselben Ortes, zum Beispiel von einem anderen Datum, für Fragen wie: What changed? Das Modell sieht denselben Teil von beiden. Braucht ein Modell, das mehrere Bilder annimmt, zum Beispiel Qwen3-VL. Leer: ein Raster.</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/common.py" />
            <source>Type of answer</source>
            <translation>Typ der Antwort</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/common.py" />
            <source>What the answer must be. The model is told so, and the field &lt;i&gt;value&lt;/i&gt; has the answer in this type. An answer that does not have it gets the status unreadable; its text stays in &lt;i&gt;answer&lt;/i&gt;.</source>
            <translation>Was die Antwort sein muss. Dem Modell wird das gesagt, und das Feld &lt;i&gt;value&lt;/i&gt; hat die Antwort in diesem Typ. Eine Antwort, die ihn nicht hat, bekommt den Status unreadable; ihr Text bleibt in &lt;i&gt;answer&lt;/i&gt;.</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/common.py" />
            <source>Only for the type One of a list. For example: residential, industrial, farmland</source>
            <translation>Nur für den Typ „Eine aus einer Liste“. Zum Beispiel: residential, industrial, farmland</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/common.py" />
            <source>Maximum zooms</source>
            <translation>Höchstzahl der Zooms</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/common.py" />
            <source>How often the model may zoom in before it must answer. Empty: the number that the model was trained with. 0: it answers from the overview.</source>
            <translation>Wie oft das Modell zoomen darf, bevor es antworten muss. Leer: die Zahl, mit der das Modell trainiert wurde. 0: Es antwortet nach der Übersicht.</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/common.py" />
            <source>Detail of the layer image (map units per pixel)</source>
            <translation>Detail des Layerbildes (Karteneinheiten je Pixel)</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/common.py" />
            <source>Only for layers that QGIS must draw as an image for the model: web layers such as XYZ, WMS and WMTS, and files with a layer style of their own. The value is the size of one pixel of that image in map units of the layer. A smaller value shows more detail and takes more time. Empty: the resolution of the file, or an image about 4000 pixels wide for a web layer.</source>
            <translation>Nur für Layer, die QGIS für das Modell als Bild zeichnen muss: Web-Layer wie XYZ, WMS und WMTS, und Dateien mit einem eigenen Layerstil. Der Wert ist die Größe eines Pixels dieses Bildes in Karteneinheiten des Layers. Ein kleinerer Wert zeigt mehr Details und braucht mehr Zeit. Leer: die Auflösung der Datei, oder ein etwa 4000 Pixel breites Bild bei einem Web-Layer.</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/common.py" />
            <source>Name of a model, such as zoomearth-demo, or path of its folder. The model runs on this computer. Empty: the model chosen in Settings &gt; Options &gt; ZoomEarth.</source>
            <translation>Name eines Modells, etwa zoomearth-demo, oder Pfad seines Ordners. Das Modell läuft auf diesem Computer. Leer: das Modell, das unter Einstellungen &gt; Optionen &gt; ZoomEarth gewählt ist.</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/common.py" />
            <source>The places that the model looked at: one polygon for each zoom. Fields: exchange (id of the question), question, answer, meaningless, step (number of the zoom), label, stopped (status), confidence, model, source (raster), window (pixels of the raster), scale (5.5: the model saw the place 5.5x reduced; 1: full resolution) and time.</source>
            <translation>Die Stellen, die das Modell angesehen hat: ein Polygon je Zoom. Felder: exchange (Kennung der Frage), question (Frage), answer (Antwort), meaningless (bedeutungslos), step (Nummer des Zooms), label (Bezeichnung), stopped (Status), confidence (Konfidenz), model (Modell), source (Raster), window (Pixel des Rasters), scale (5.5: Das Modell sah die Stelle 5,5-fach verkleinert; 1: volle Auflösung) und time (Zeit).</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/common.py" />
            <source>Set it up in QGIS: Settings &gt; Options &gt; ZoomEarth.</source>
            <translation>Richten Sie sie in QGIS ein: Einstellungen &gt; Optionen &gt; ZoomEarth.</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/common.py" />
            <source>The feature has no geometry.</source>
            <translation>Das Objekt hat keine Geometrie.</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/common.py" />
            <source>The feature has no area.</source>
            <translation>Das Objekt hat keine Fläche.</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/common.py" />
            <source>question,answer,vision,language,model,AI,image,imagery,raster,aerial,satellite,count,zoom</source>
            <translation>Frage,Antwort,Bild,Sprache,Modell,KI,Bilder,Raster,Luftbild,Satellit,zählen,Zoom</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/common.py" />
            <source>The question is empty. Write what you want to know, for example: How many ships are there?</source>
            <translation>Die Frage ist leer. Schreiben Sie, was Sie wissen wollen, zum Beispiel: How many ships are there?</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/common.py" />
            <source>Choose an extent or a polygon layer, not both.</source>
            <translation>Wählen Sie eine Ausdehnung oder einen Polygonlayer, nicht beides.</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/common.py" />
            <source>The Python environment of ZoomEarth is not set up.</source>
            <translation>Die Python-Umgebung von ZoomEarth ist nicht eingerichtet.</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/common.py" />
            <source>The feature can't be transformed to the CRS of the raster: {reason}</source>
            <translation>Das Objekt kann nicht in das KBS des Rasters transformiert werden: {reason}</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/common.py" />
            <source>The choices can't be used: {reason}</source>
            <translation>Die Liste der Antworten kann nicht verwendet werden: {reason}</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/rows.py" />
            <source>Number of rows with a meaningless answer</source>
            <translation>Anzahl der Zeilen mit bedeutungsloser Antwort</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/rows.py" />
            <source>Rows: {counts}</source>
            <translation>Zeilen: {counts}</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/rows.py" />
            <source>Number of rows with the status {ending}</source>
            <translation>Anzahl der Zeilen mit dem Status {ending}</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/snapshots.py" />
            <source>Drawing the layer as an image</source>
            <translation>Der Layer wird als Bild gezeichnet</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/survey.py" />
            <source>Finds all things of a kind in a raster, for example all ships. Each becomes a polygon; the count is their number.</source>
            <translation>Findet alle Dinge einer Art in einem Raster, zum Beispiel alle Schiffe. Jedes wird ein Polygon; die Anzahl ist deren Zahl.</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/survey.py" />
            <source>&lt;p&gt;Looks at the whole raster in overlapping views, at the resolution that such a thing needs, and has the model mark every one. What the edge of a view cuts is joined. The polygons are written while it runs. If you cancel, the file keeps what was found, and the same run with the same file continues.&lt;/p&gt;&lt;p&gt;Field &lt;i&gt;kind&lt;/i&gt;: features count, candidates do not. The layer &lt;i&gt;views&lt;/i&gt; of the file shows what became of each view: done, empty, failed, saturated (there may be more) or unseen. COVERAGE is the part of the area that was looked at closely.&lt;/p&gt;&lt;p&gt;With a polygon layer, only its polygons are looked at, and a copy of them has the number of things whose centre is inside as &lt;i&gt;count&lt;/i&gt;.&lt;/p&gt;</source>
            <translation>&lt;p&gt;Betrachtet das ganze Raster in überlappenden Ausschnitten, in der Auflösung, die ein solches Ding braucht, und lässt das Modell jedes markieren. Was der Rand eines Ausschnitts zerschneidet, wird verbunden. Die Polygone werden während des Laufs geschrieben. Nach einem Abbruch hat die Datei, was gefunden wurde, und derselbe Lauf mit derselben Datei wird fortgesetzt.&lt;/p&gt;&lt;p&gt;Feld &lt;i&gt;kind&lt;/i&gt;: feature zählt, candidate nicht. Der Layer &lt;i&gt;views&lt;/i&gt; der Datei zeigt, was aus jedem Ausschnitt wurde: done, empty, failed, saturated (es kann mehr geben) oder unseen. COVERAGE ist der Teil der Fläche, der genau betrachtet wurde.&lt;/p&gt;&lt;p&gt;Mit einem Polygonlayer werden nur dessen Polygone betrachtet, und eine Kopie von ihnen hat als &lt;i&gt;count&lt;/i&gt; die Anzahl der Dinge, deren Mitte darin liegt.&lt;/p&gt;</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/survey.py" />
            <source>A raster layer of a file. Web layers must be saved as a GeoTIFF first.</source>
            <translation>Ein Rasterlayer einer Datei. Weblayer müssen zuerst als GeoTIFF gespeichert werden.</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/survey.py" />
            <source>What to find</source>
            <translation>Was gesucht wird</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/survey.py" />
            <source>In English: ships, swimming pools, ships at the pier.</source>
            <translation>Auf Englisch: ships, swimming pools, ships at the pier.</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/survey.py" />
            <source>Only what is inside this extent is looked at. Empty: the whole raster.</source>
            <translation>Nur was in dieser Ausdehnung liegt, wird betrachtet. Leer: das ganze Raster.</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/survey.py" />
            <source>Only what is inside these polygons is looked at, instead of the extent. Any CRS.</source>
            <translation>Nur was in diesen Polygonen liegt, wird betrachtet, anstelle der Ausdehnung. Jedes KBS.</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/survey.py" />
            <source>Size of one (metres)</source>
            <translation>Größe eines Dings (Meter)</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/survey.py" />
            <source>How long one such thing is. Empty: a table of common things. It decides how closely is looked.</source>
            <translation>Wie lang ein solches Ding ist. Leer: eine Tabelle häufiger Dinge. Davon hängt ab, wie genau hingesehen wird.</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/survey.py" />
            <source>Resolution of the views (metres per pixel)</source>
            <translation>Auflösung der Ausschnitte (Meter pro Pixel)</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/survey.py" />
            <source>Empty: a thing is 32 pixels long in the views, or the views have the resolution of the raster.</source>
            <translation>Leer: Ein Ding ist in den Ausschnitten 32 Pixel lang, oder die Ausschnitte haben die Auflösung des Rasters.</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/survey.py" />
            <source>Every view</source>
            <translation>Jeder Ausschnitt</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/survey.py" />
            <source>From coarse to fine, only where such things may be</source>
            <translation>Von grob zu fein, nur wo solche Dinge sein können</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/survey.py" />
            <source>How it looks</source>
            <translation>Wie gesucht wird</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/survey.py" />
            <source>From coarse to fine takes fewer views, and finds only what the model can expect from a coarse view.</source>
            <translation>Von grob zu fein braucht weniger Ausschnitte und findet nur, was das Modell nach einem groben Ausschnitt erwarten kann.</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/survey.py" />
            <source>Maximum number of views</source>
            <translation>Höchstzahl der Ausschnitte</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/survey.py" />
            <source>Empty: as many as needed. What is not looked at is recorded as unseen.</source>
            <translation>Leer: so viele wie nötig. Was nicht betrachtet wird, wird als unseen verzeichnet.</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/survey.py" />
            <source>Outline what is found</source>
            <translation>Umriss statt Rechteck</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/survey.py" />
            <source>Each thing is its outline, by the segmentation tool, instead of a box. Where that fails, it is the box.</source>
            <translation>Jede Fundstelle erhält ihren Umriss (Werkzeug Segmentieren) statt eines Rechtecks. Wo das nicht gelingt, bleibt das Rechteck.</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/survey.py" />
            <source>Things found</source>
            <translation>Gefundene Dinge</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/survey.py" />
            <source>A GeoPackage. It also has the layer views.</source>
            <translation>Ein GeoPackage. Es hat auch den Layer views.</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/survey.py" />
            <source>Polygons with counts</source>
            <translation>Polygone mit Anzahl</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/survey.py" />
            <source>Only with a polygon layer: its polygons with the field count.</source>
            <translation>Nur mit einem Polygonlayer: dessen Polygone mit dem Feld count.</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/survey.py" />
            <source>Cancelled. The file has what was found; the same run with the same file continues.</source>
            <translation>Abgebrochen. Die Datei hat, was gefunden wurde; derselbe Lauf mit derselben Datei wird fortgesetzt.</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/survey.py" />
            <source>What became of each view</source>
            <translation>Was aus jedem Ausschnitt wurde</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/survey.py" />
            <source>Number of things</source>
            <translation>Anzahl der Dinge</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/survey.py" />
            <source>Part of the area looked at closely (0 to 1)</source>
            <translation>Genau betrachteter Teil der Fläche (0 bis 1)</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/survey.py" />
            <source>No polygon of the layer has a place on the raster.</source>
            <translation>Kein Polygon des Layers hat einen Platz auf dem Raster.</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/survey.py" />
            <source>survey,detect,objects,find,instances</source>
            <translation>Suche,erkennen,Objekte,finden,zählen</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/survey.py" />
            <source>{path} is no GeoPackage: choose a name that ends in .gpkg.</source>
            <translation>{path} ist kein GeoPackage: Wählen Sie einen Namen, der auf .gpkg endet.</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/survey.py" />
            <source>{count} found; views: {views}</source>
            <translation>{count} gefunden; Ausschnitte: {views}</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/tool.py" />
            <source>&lt;p&gt;It works in full resolution on the bands and values of the file, not on the colours of the layer style. It needs no model and no download, and never changes the raster. Choose an extent, or a polygon layer: then each polygon is worked on by itself, and one that fails is named in the log and left out. Without both, all of the raster is worked on.&lt;/p&gt;</source>
            <translation>&lt;p&gt;Gearbeitet wird in voller Auflösung an den Kanälen und Werten der Datei, nicht an den Farben des Layerstils. Es braucht kein Modell und keinen Download, und das Raster wird nie verändert. Wählen Sie eine Ausdehnung oder einen Polygonlayer: Dann wird jedes Polygon für sich bearbeitet, und eines, das fehlschlägt, steht im Protokoll und wird ausgelassen. Ohne beides wird das ganze Raster bearbeitet.&lt;/p&gt;</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/tool.py" />
            <source>&lt;p&gt;The output has the grid, the bands and the data type of the raster. With polygons it is one raster with all of them; outside of them it has no data. A name that ends in .vrt gives a mosaic that refers to one GeoTIFF for each polygon.&lt;/p&gt;</source>
            <translation>&lt;p&gt;Das Ergebnis hat das Gitter, die Kanäle und den Datentyp des Rasters. Mit Polygonen ist es ein Raster mit allen; außerhalb davon hat es keine Daten. Ein Name, der auf .vrt endet, ergibt ein Mosaik, das auf ein GeoTIFF je Polygon verweist.&lt;/p&gt;</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/tool.py" />
            <source>&lt;p&gt;The polygons have the fields label, score (the confidence, 0 to 1; not a probability), tool, backend, parameters, area_m2, image, time and, with a polygon layer, feature (the display name of the polygon).&lt;/p&gt;</source>
            <translation>&lt;p&gt;Die Polygone haben die Felder label, score (die Konfidenz, 0 bis 1; keine Wahrscheinlichkeit), tool, backend, parameters, area_m2, image, time und, mit einem Polygonlayer, feature (den Anzeigenamen des Polygons).&lt;/p&gt;</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/tool.py" />
            <source>The part of the raster to work on.</source>
            <translation>Der Teil des Rasters, der bearbeitet wird.</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/tool.py" />
            <source>Each polygon is worked on by itself, instead of the extent. Any CRS.</source>
            <translation>Jedes Polygon wird für sich bearbeitet, statt der Ausdehnung. KBS beliebig.</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/tool.py" />
            <source>Result (synthetic)</source>
            <translation>Ergebnis (synthetisch)</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/tool.py" />
            <source>Result</source>
            <translation>Ergebnis</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/tool.py" />
            <source>A GeoTIFF, or a mosaic over the raster (.vrt).</source>
            <translation>Ein GeoTIFF oder ein Mosaik über dem Raster (.vrt).</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/tool.py" />
            <source>Rasters of the same place: any CRS, grid and resolution. More of them give a better result.</source>
            <translation>Raster desselben Ortes: KBS, Gitter und Auflösung beliebig. Mit mehreren wird das Ergebnis besser.</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/tool.py" />
            <source>Mask (polygons)</source>
            <translation>Maske (Polygone)</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/tool.py" />
            <source>What the area shows. It is stored with the polygons, and does not guide the tool.</source>
            <translation>Was in dem Bereich zu sehen ist. Wird mit den Polygonen gespeichert und beeinflusst das Werkzeug nicht.</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/tool.py" />
            <source>Number of areas worked on</source>
            <translation>Anzahl der bearbeiteten Bereiche</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/tool.py" />
            <source>Number of areas that failed</source>
            <translation>Anzahl der fehlgeschlagenen Bereiche</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/tool.py" />
            <source>Choose an extent or a polygon layer: what is outlined is the one object inside each.</source>
            <translation>Wählen Sie eine Ausdehnung oder einen Polygonlayer: Umrissen wird das eine Objekt in jedem Bereich.</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/tool.py" />
            <source>Outlines</source>
            <translation>Umrisse</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/tool.py" />
            <source>The outlines as polygons, in the CRS of the raster.</source>
            <translation>Die Umrisse als Polygone, im KBS des Rasters.</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/tool.py" />
            <source>tool,segment,mask,outline,noise,cloud,edit,blur,pixelate,retouch</source>
            <translation>Werkzeug,Segmentierung,Maske,Umriss,Rauschen,Wolke,bearbeiten,weichzeichnen,verpixeln,Retusche</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/tool.py" />
            <source>Areas: {made} done, {failed} failed</source>
            <translation>Bereiche: {made} fertig, {failed} fehlgeschlagen</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/tool.py" />
            <source>{path} is no GeoTIFF: choose a name that ends in .tif or .vrt.</source>
            <translation>{path} ist kein GeoTIFF: Wählen Sie einen Namen, der auf .tif oder .vrt endet.</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/tool_parameters.py" />
            <source>Where to edit. Empty: the whole area.</source>
            <translation>Wo bearbeitet wird. Leer: im ganzen Bereich.</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/tool_parameters.py" />
            <source>Where the clouds are. Empty: where it is brighter than the images of other dates let expect, which takes new snow and new roofs for clouds and misses thin ones.</source>
            <translation>Wo die Wolken sind. Leer: wo es heller ist, als die Bilder anderer Tage erwarten lassen; das hält neuen Schnee und neue Dächer für Wolken und übersieht dünne Wolken.</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/tool_parameters.py" />
            <source>&lt;p&gt;Each area must hold one object: a box around a lake, a roof, a field. It is compared with its surroundings. Where nothing tells the object from its surroundings, the outline is the area itself, with a score of 0.1.&lt;/p&gt;</source>
            <translation>&lt;p&gt;Jeder Bereich muss ein Objekt enthalten: ein Rahmen um einen See, ein Dach, ein Feld. Er wird mit seiner Umgebung verglichen. Wo nichts das Objekt von seiner Umgebung unterscheidet, ist der Umriss der Bereich selbst, mit einem score von 0,1.&lt;/p&gt;</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/tool_parameters.py" />
            <source>&lt;p&gt;Grain is removed by a filter in the frequency domain (DCT, Wiener) that keeps edges; single wrong pixels take the median of their neighbours; stripes of a scanner are levelled. Memory does not grow with the size of the area.&lt;/p&gt;</source>
            <translation>&lt;p&gt;Körnung wird durch einen Filter im Frequenzraum (DCT, Wiener) entfernt, der Kanten erhält; einzelne falsche Pixel erhalten den Median ihrer Nachbarn; Streifen eines Scanners werden ausgeglichen. Der Speicherbedarf wächst nicht mit der Größe des Bereichs.&lt;/p&gt;</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/tool_parameters.py" />
            <source>&lt;p&gt;Pixels under the clouds are estimated from images of other dates, fitted to the clear pixels of this image and drawn to the rim of the clouds. Outside of the clouds no pixel changes. What no other image shows stays cloud. The result shows pixels that were not observed: it is synthetic.&lt;/p&gt;</source>
            <translation>&lt;p&gt;Pixel unter den Wolken werden aus Bildern anderer Zeitpunkte geschätzt, an die klaren Pixel dieses Bildes angepasst und an den Rand der Wolken angeschlossen. Außerhalb der Wolken ändert sich kein Pixel. Was kein anderes Bild zeigt, bleibt Wolke. Das Ergebnis zeigt Pixel, die nicht beobachtet wurden: Es ist synthetisch.&lt;/p&gt;</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/tool_parameters.py" />
            <source>&lt;p&gt;remove fills from the rim, recolour gives a colour, brighten, contrast, equalise and sharpen change the tones, blur and pixelate hide, paste takes the pixels of another image. Outside of the mask no pixel changes. The result is synthetic.&lt;/p&gt;</source>
            <translation>&lt;p&gt;remove füllt vom Rand her, recolour färbt um, brighten, contrast, equalise und sharpen ändern die Tonwerte, blur und pixelate verbergen, paste übernimmt die Pixel eines anderen Bildes. Außerhalb der Maske ändert sich kein Pixel. Das Ergebnis ist synthetisch.&lt;/p&gt;</translation>
        </message>
        <message>
            <location filename="../../plugin/review/actions.py" />
            <source>Next</source>
            <translation>Weiter</translation>
        </message>
        <message>
            <location filename="../../plugin/review/actions.py" />
            <source>Previous</source>
            <translation>Zurück</translation>
        </message>
        <message>
            <location filename="../../plugin/review/actions.py" />
            <source>Full resolution</source>
            <translation>Volle Auflösung</translation>
        </message>
        <message>
            <location filename="../../plugin/review/actions.py" />
            <source>Label this</source>
            <translation>Als Label</translation>
        </message>
        <message>
            <location filename="../../plugin/review/actions.py" />
            <source>Yes</source>
            <translation>Ja</translation>
        </message>
        <message>
            <location filename="../../plugin/review/actions.py" />
            <source>Wrong</source>
            <translation>Falsch</translation>
        </message>
        <message>
            <location filename="../../plugin/review/actions.py" />
            <source>No</source>
            <translation>Nein</translation>
        </message>
        <message>
            <location filename="../../plugin/review/crop.py" />
            <source>The place, with the boxes of the model</source>
            <translation>Der Ort mit den Rahmen des Modells</translation>
        </message>
        <message>
            <location filename="../../plugin/review/dock.py" />
            <source>ZoomEarth: answers</source>
            <translation>ZoomEarth: Antworten</translation>
        </message>
        <message>
            <location filename="../../plugin/review/filters.py" />
            <source>Filter the rows by a text</source>
            <translation>Die Zeilen nach einem Text filtern</translation>
        </message>
        <message>
            <location filename="../../plugin/review/filters.py" />
            <source>Filter</source>
            <translation>Filtern</translation>
        </message>
        <message>
            <location filename="../../plugin/review/filters.py" />
            <source>Only rows with this answer</source>
            <translation>Nur Zeilen mit dieser Antwort</translation>
        </message>
        <message>
            <location filename="../../plugin/review/filters.py" />
            <source>Only rows that are not checked or unsure</source>
            <translation>Nur Zeilen, die nicht geprüft oder unsicher sind</translation>
        </message>
        <message>
            <location filename="../../plugin/review/filters.py" />
            <source>All answers</source>
            <translation>Alle Antworten</translation>
        </message>
        <message>
            <location filename="../../plugin/review/filters.py" />
            <source>Only &amp;unchecked</source>
            <translation>Nur &amp;ungeprüfte</translation>
        </message>
        <message>
            <location filename="../../plugin/review/filters.py" />
            <source>{checked} of {total} checked</source>
            <translation>{checked} von {total} geprüft</translation>
        </message>
        <message>
            <location filename="../../plugin/review/keys.py" />
            <source>Keys</source>
            <translation>Tasten</translation>
        </message>
        <message>
            <location filename="../../plugin/review/pane.py" />
            <source>The right answer; Enter keeps it</source>
            <translation>Die richtige Antwort; Enter speichert sie</translation>
        </message>
        <message>
            <location filename="../../plugin/review/pane.py" />
            <source>Right answer</source>
            <translation>Richtige Antwort</translation>
        </message>
        <message>
            <location filename="../../plugin/review/pane.py" />
            <source>A note about this place; Enter keeps it</source>
            <translation>Eine Notiz zu diesem Ort; Enter speichert sie</translation>
        </message>
        <message>
            <location filename="../../plugin/review/pane.py" />
            <source>Choose other keys</source>
            <translation>Andere Tasten wählen</translation>
        </message>
        <message>
            <location filename="../../plugin/review/pane.py" />
            <source>Model: {answer}</source>
            <translation>Modell: {answer}</translation>
        </message>
        <message>
            <location filename="../../plugin/review/pane.py" />
            <source>Checked: {answer}</source>
            <translation>Geprüft: {answer}</translation>
        </message>
        <message>
            <location filename="../../plugin/review/table.py" />
            <source>Picture</source>
            <translation>Bild</translation>
        </message>
        <message>
            <location filename="../../plugin/review/table.py" />
            <source>Checked</source>
            <translation>Geprüft</translation>
        </message>
        <message>
            <location filename="../../plugin/review/table.py" />
            <source>waiting</source>
            <translation>wartet</translation>
        </message>
        <message>
            <location filename="../../plugin/review/table_view.py" />
            <source>The answers of the run, a row for each place</source>
            <translation>Die Antworten des Laufs, eine Zeile für jeden Ort</translation>
        </message>
        <message>
            <location filename="../../plugin/runs/preparing.py" />
            <source>{count} of {total} polygons lie outside the layer {layer} or have no area, and were left out.</source>
            <translation>{count} von {total} Polygonen liegen außerhalb des Layers {layer} oder haben keine Fläche und wurden weggelassen.</translation>
        </message>
        <message>
            <location filename="../../plugin/runs/rows.py" />
            <source>unreadable</source>
            <translation>unlesbar</translation>
        </message>
        <message>
            <location filename="../../plugin/runs/run.py" />
            <source>The rows of this run are missing: {path}.</source>
            <translation>Die Zeilen dieses Laufs fehlen: {path}.</translation>
        </message>
        <message>
            <location filename="../../plugin/runs/runs.py" />
            <source>Show its layer on the map first.</source>
            <translation>Zeigen Sie zuerst den Layer auf der Karte.</translation>
        </message>
        <message>
            <location filename="../../plugin/runs/runs.py" />
            <source>Another run is asking.</source>
            <translation>Ein anderer Lauf fragt gerade.</translation>
        </message>
        <message>
            <location filename="../../plugin/runs/runs.py" />
            <source>Pause it, or wait for its end.</source>
            <translation>Halten Sie ihn an, oder warten Sie auf sein Ende.</translation>
        </message>
        <message>
            <location filename="../../plugin/runs/runs.py" />
            <source>No polygon lies on the layer.</source>
            <translation>Kein Polygon liegt auf dem Layer.</translation>
        </message>
        <message>
            <location filename="../../plugin/runs/runs.py" />
            <source>Choose polygons that lie on the layer.</source>
            <translation>Wählen Sie Polygone, die auf dem Layer liegen.</translation>
        </message>
        <message>
            <location filename="../../plugin/runs/runs.py" />
            <source>{count} polygons of {layer}</source>
            <translation>{count} Polygone von {layer}</translation>
        </message>
        <message>
            <location filename="../../plugin/runs/runs.py" />
            <source>There is nothing to check: {target}.</source>
            <translation>Es gibt nichts zu prüfen: {target}.</translation>
        </message>
        <message>
            <location filename="../../plugin/runs/sources.py" />
            <source>Add the layer again, then continue.</source>
            <translation>Fügen Sie den Layer wieder hinzu, und machen Sie dann weiter.</translation>
        </message>
        <message>
            <location filename="../../plugin/runs/things.py" />
            <source>Is this one: {thing}?</source>
            <translation>Ist dies eines: {thing}?</translation>
        </message>
        <message>
            <location filename="../../core/settings.py" />
            <source>name of a model (see `zoomearth models`) or path of a model folder</source>
            <translation>Name eines Modells (siehe `zoomearth models`) oder Pfad eines Modellordners</translation>
        </message>
        <message>
            <location filename="../../core/settings.py" />
            <source>Server</source>
            <translation>Server</translation>
        </message>
        <message>
            <location filename="../../core/settings.py" />
            <source>address of a server with the OpenAI API (vLLM, Ollama, LM Studio, cloud services) that runs the model; the small pictures that the model looks at are sent there</source>
            <translation>Adresse eines Servers mit der OpenAI-API (vLLM, Ollama, LM Studio, Cloud-Dienste), der das Modell ausführt; die kleinen Bilder, die das Modell ansieht, werden dorthin geschickt</translation>
        </message>
        <message>
            <location filename="../../core/settings.py" />
            <source>Model on the server</source>
            <translation>Modell auf dem Server</translation>
        </message>
        <message>
            <location filename="../../core/settings.py" />
            <source>name of the model on the server</source>
            <translation>Name des Modells auf dem Server</translation>
        </message>
        <message>
            <location filename="../../core/settings.py" />
            <source>Device</source>
            <translation>Gerät</translation>
        </message>
        <message>
            <location filename="../../core/settings.py" />
            <source>where the model runs: cpu, cuda (NVIDIA graphics card) or mps (Apple graphics); auto: the fastest that is available</source>
            <translation>wo das Modell läuft: cpu, cuda (NVIDIA-Grafikkarte) oder mps (Apple-Grafik); auto: das schnellste, das verfügbar ist</translation>
        </message>
        <message>
            <location filename="../../core/settings.py" />
            <source>Precision</source>
            <translation>Genauigkeit</translation>
        </message>
        <message>
            <location filename="../../core/settings.py" />
            <source>precision of the model weights; the 16-bit formats need half the memory of float32; auto is right for most computers</source>
            <translation>Genauigkeit der Modellgewichte; die 16-Bit-Formate brauchen halb so viel Speicher wie float32; auto ist für die meisten Computer richtig</translation>
        </message>
        <message>
            <location filename="../../core/settings.py" />
            <source>Quantization (saves memory)</source>
            <translation>Quantisierung (spart Speicher)</translation>
        </message>
        <message>
            <location filename="../../core/settings.py" />
            <source>int8: the model weights are stored as 8-bit integers, which need about half the memory; auto: only if the model does not fit into the memory otherwise</source>
            <translation>int8: Die Modellgewichte werden als 8-Bit-Ganzzahlen gespeichert und brauchen etwa halb so viel Speicher; auto: nur wenn das Modell sonst nicht in den Speicher passt</translation>
        </message>
        <message>
            <location filename="../../core/settings.py" />
            <source>Prompt file</source>
            <translation>Prompt-Datei</translation>
        </message>
        <message>
            <location filename="../../core/settings.py" />
            <source>text file with an instruction that replaces the instruction (prompt) of the model; leave it empty in normal use</source>
            <translation>Textdatei mit einer Anweisung, die die Anweisung (den Prompt) des Modells ersetzt; bleibt normalerweise leer</translation>
        </message>
        <message>
            <location filename="../../core/settings.py" />
            <source>Prompt format</source>
            <translation>Prompt-Format</translation>
        </message>
        <message>
            <location filename="../../core/settings.py" />
            <source>name of the model of the list in whose way the model is asked (prompt, boxes, picture sizes); empty: in its own way</source>
            <translation>Name des Modells der Liste, auf dessen Weise das Modell befragt wird (Prompt, Rahmen, Bildgrößen); leer: auf seine eigene Weise</translation>
        </message>
        <message>
            <location filename="../../core/settings.py" />
            <source>Dialect</source>
            <translation>Dialekt</translation>
        </message>
        <message>
            <location filename="../../core/settings.py" />
            <source>how the model is asked and its boxes are read (see the page on models and servers); empty: as the model itself, a test of it, or its name tells</source>
            <translation>wie das Modell befragt und seine Rahmen gelesen werden (siehe die Seite über Modelle und Server); leer: wie es das Modell selbst, ein Test oder sein Name vorgibt</translation>
        </message>
        <message>
            <location filename="../../core/tools.py" />
            <source>Segment</source>
            <translation>Umreißen</translation>
        </message>
        <message>
            <location filename="../../core/tools.py" />
            <source>outlines the object inside a box, as polygons or as a mask raster</source>
            <translation>umreißt das Objekt in einem Rahmen, als Polygone oder als Maskenraster</translation>
        </message>
        <message>
            <location filename="../../core/tools.py" />
            <source>Simplify</source>
            <translation>Vereinfachen</translation>
        </message>
        <message>
            <location filename="../../core/tools.py" />
            <source>how far an outline may move to have fewer corners</source>
            <translation>wie weit sich ein Umriss verschieben darf, um weniger Ecken zu haben</translation>
        </message>
        <message>
            <location filename="../../core/tools.py" />
            <source>pixels</source>
            <translation>Pixel</translation>
        </message>
        <message>
            <location filename="../../core/tools.py" />
            <source>Least area</source>
            <translation>Kleinste Fläche</translation>
        </message>
        <message>
            <location filename="../../core/tools.py" />
            <source>smaller parts and holes are left out</source>
            <translation>kleinere Teile und Löcher werden weggelassen</translation>
        </message>
        <message>
            <location filename="../../core/tools.py" />
            <source>Backend</source>
            <translation>Verfahren</translation>
        </message>
        <message>
            <location filename="../../core/tools.py" />
            <source>Best</source>
            <translation>Bestes</translation>
        </message>
        <message>
            <location filename="../../core/tools.py" />
            <source>sam2.1-hiera-large</source>
            <translation>sam2.1-hiera-large</translation>
        </message>
        <message>
            <location filename="../../core/tools.py" />
            <source>sam2.1-hiera-base-plus</source>
            <translation>sam2.1-hiera-base-plus</translation>
        </message>
        <message>
            <location filename="../../core/tools.py" />
            <source>sam2.1-hiera-small</source>
            <translation>sam2.1-hiera-small</translation>
        </message>
        <message>
            <location filename="../../core/tools.py" />
            <source>sam2.1-hiera-tiny</source>
            <translation>sam2.1-hiera-tiny</translation>
        </message>
        <message>
            <location filename="../../core/tools.py" />
            <source>otsu-grabcut</source>
            <translation>otsu-grabcut</translation>
        </message>
        <message>
            <location filename="../../core/tools.py" />
            <source>what does it; best: the first whose weights are here</source>
            <translation>womit es gemacht wird; bestes: das erste, dessen Gewichte hier sind</translation>
        </message>
        <message>
            <location filename="../../core/tools.py" />
            <source>Denoise</source>
            <translation>Entrauschen</translation>
        </message>
        <message>
            <location filename="../../core/tools.py" />
            <source>removes noise and keeps edges, in the raster's own type and bands</source>
            <translation>entfernt Rauschen und erhält Kanten, im Datentyp und in den Kanälen des Rasters</translation>
        </message>
        <message>
            <location filename="../../core/tools.py" />
            <source>Noise</source>
            <translation>Rauschen</translation>
        </message>
        <message>
            <location filename="../../core/tools.py" />
            <source>Gaussian</source>
            <translation>Gauß</translation>
        </message>
        <message>
            <location filename="../../core/tools.py" />
            <source>Impulse</source>
            <translation>Impuls</translation>
        </message>
        <message>
            <location filename="../../core/tools.py" />
            <source>Row stripes</source>
            <translation>Zeilenstreifen</translation>
        </message>
        <message>
            <location filename="../../core/tools.py" />
            <source>Column stripes</source>
            <translation>Spaltenstreifen</translation>
        </message>
        <message>
            <location filename="../../core/tools.py" />
            <source>gaussian: grain; impulse: salt and pepper; row-stripes, column-stripes: a scanner's</source>
            <translation>Gauß: Körnung; Impuls: einzelne falsche Pixel; Zeilen- und Spaltenstreifen: die eines Scanners</translation>
        </message>
        <message>
            <location filename="../../core/tools.py" />
            <source>Sigma</source>
            <translation>Sigma</translation>
        </message>
        <message>
            <location filename="../../core/tools.py" />
            <source>standard deviation of gaussian noise; estimated unless given</source>
            <translation>Standardabweichung des Gauß-Rauschens; ohne Angabe wird sie geschätzt</translation>
        </message>
        <message>
            <location filename="../../core/tools.py" />
            <source>pixel values</source>
            <translation>Pixelwerte</translation>
        </message>
        <message>
            <location filename="../../core/tools.py" />
            <source>drunet</source>
            <translation>drunet</translation>
        </message>
        <message>
            <location filename="../../core/tools.py" />
            <source>sliding-dct</source>
            <translation>sliding-dct</translation>
        </message>
        <message>
            <location filename="../../core/tools.py" />
            <source>what removes gaussian noise; best: the first whose weights are here</source>
            <translation>womit Gaußsches Rauschen entfernt wird; bestes: das erste, dessen Gewichte hier sind</translation>
        </message>
        <message>
            <location filename="../../core/tools.py" />
            <source>Remove clouds</source>
            <translation>Wolken entfernen</translation>
        </message>
        <message>
            <location filename="../../core/tools.py" />
            <source>replaces clouds by what images of other dates show there, fitted to this one</source>
            <translation>ersetzt Wolken durch das, was Bilder anderer Zeitpunkte dort zeigen, angepasst an dieses Bild</translation>
        </message>
        <message>
            <location filename="../../core/tools.py" />
            <source>Margin</source>
            <translation>Rand</translation>
        </message>
        <message>
            <location filename="../../core/tools.py" />
            <source>by how much the mask is grown</source>
            <translation>um wie viel die Maske vergrößert wird</translation>
        </message>
        <message>
            <location filename="../../core/tools.py" />
            <source>changes the pixels inside a mask by one of a few verbs; every other pixel stays as it is</source>
            <translation>ändert die Pixel in einer Maske auf eine von wenigen Arten; jedes andere Pixel bleibt, wie es ist</translation>
        </message>
        <message>
            <location filename="../../core/tools.py" />
            <source>Verb</source>
            <translation>Art der Änderung</translation>
        </message>
        <message>
            <location filename="../../core/tools.py" />
            <source>Replace</source>
            <translation>Ersetzen</translation>
        </message>
        <message>
            <location filename="../../core/tools.py" />
            <source>Recolour</source>
            <translation>Umfärben</translation>
        </message>
        <message>
            <location filename="../../core/tools.py" />
            <source>Brighten</source>
            <translation>Aufhellen</translation>
        </message>
        <message>
            <location filename="../../core/tools.py" />
            <source>Contrast</source>
            <translation>Kontrast</translation>
        </message>
        <message>
            <location filename="../../core/tools.py" />
            <source>Equalise</source>
            <translation>Ausgleichen</translation>
        </message>
        <message>
            <location filename="../../core/tools.py" />
            <source>Sharpen</source>
            <translation>Schärfen</translation>
        </message>
        <message>
            <location filename="../../core/tools.py" />
            <source>Blur</source>
            <translation>Weichzeichnen</translation>
        </message>
        <message>
            <location filename="../../core/tools.py" />
            <source>Pixelate</source>
            <translation>Verpixeln</translation>
        </message>
        <message>
            <location filename="../../core/tools.py" />
            <source>Paste</source>
            <translation>Einfügen</translation>
        </message>
        <message>
            <location filename="../../core/tools.py" />
            <source>what to do</source>
            <translation>was zu tun ist</translation>
        </message>
        <message>
            <location filename="../../core/tools.py" />
            <source>Amount</source>
            <translation>Stärke</translation>
        </message>
        <message>
            <location filename="../../core/tools.py" />
            <source>strength; negative darkens or flattens</source>
            <translation>Stärke; negativ: dunkler oder flacher</translation>
        </message>
        <message>
            <location filename="../../core/tools.py" />
            <source>Color</source>
            <translation>Farbe</translation>
        </message>
        <message>
            <location filename="../../core/tools.py" />
            <source>of recolour</source>
            <translation>beim Umfärben</translation>
        </message>
        <message>
            <location filename="../../core/tools.py" />
            <source>stable-diffusion-inpainting</source>
            <translation>stable-diffusion-inpainting</translation>
        </message>
        <message>
            <location filename="../../core/tools.py" />
            <source>pixel-verbs</source>
            <translation>pixel-verbs</translation>
        </message>
        <message>
            <location filename="../../core/tools.py" />
            <source>what removes or replaces; best: the editing model if its weights are here</source>
            <translation>was entfernt oder ersetzt; bestes: das Bearbeitungsmodell, wenn seine Gewichte hier sind</translation>
        </message>
        <message>
            <location filename="../../resources/models.json" />
            <source>Tiny demo model: works only on the drawn demo scenes, not on your images</source>
            <translation>Winziges Demo-Modell: funktioniert nur mit den gezeichneten Demo-Szenen, nicht mit Ihren Bildern</translation>
        </message>
        <message>
            <location filename="../../resources/models.json" />
            <source>Trying ZoomEarth out</source>
            <translation>Zum Ausprobieren von ZoomEarth</translation>
        </message>
        <message>
            <location filename="../../resources/models.json" />
            <source>GPL-2.0-or-later</source>
            <translation>GPL-2.0-or-later</translation>
        </message>
        <message>
            <location filename="../../resources/models.json" />
            <source>Weights of the ZoomEarth paper (CVPR 2026, arXiv 2511.12267), fine-tuned from Qwen2.5-VL-3B</source>
            <translation>Gewichte des ZoomEarth-Artikels (CVPR 2026, arXiv 2511.12267), feinabgestimmt aus Qwen2.5-VL-3B</translation>
        </message>
        <message>
            <location filename="../../resources/models.json" />
            <source>Repeating the paper's results</source>
            <translation>Zum Nachvollziehen der Ergebnisse des Artikels</translation>
        </message>
        <message>
            <location filename="../../resources/models.json" />
            <source>authors' repository: Apache-2.0; base model: Qwen Research License (no commercial use)</source>
            <translation>Ablage der Autoren: Apache-2.0; Basismodell: Qwen Research License (keine kommerzielle Nutzung)</translation>
        </message>
        <message>
            <location filename="../../resources/models.json" />
            <source>Qwen3-VL-8B-Instruct: general model with the best published results on large aerial scenes in this list</source>
            <translation>Qwen3-VL-8B-Instruct: allgemeines Modell mit den besten veröffentlichten Ergebnissen dieser Liste für große Luftbildszenen</translation>
        </message>
        <message>
            <location filename="../../resources/models.json" />
            <source>Any question, with a graphics card</source>
            <translation>Für alle Fragen, mit einer Grafikkarte</translation>
        </message>
        <message>
            <location filename="../../resources/models.json" />
            <source>Apache-2.0</source>
            <translation>Apache-2.0</translation>
        </message>
        <message>
            <location filename="../../resources/models.json" />
            <source>Qwen3-VL-4B-Instruct: general model</source>
            <translation>Qwen3-VL-4B-Instruct: allgemeines Modell</translation>
        </message>
        <message>
            <location filename="../../resources/models.json" />
            <source>Any question, with 8 to 16 GB of memory</source>
            <translation>Für alle Fragen, mit 8 bis 16 GB Speicher</translation>
        </message>
        <message>
            <location filename="../../resources/models.json" />
            <source>Qwen3-VL-2B-Instruct: small general model</source>
            <translation>Qwen3-VL-2B-Instruct: kleines allgemeines Modell</translation>
        </message>
        <message>
            <location filename="../../resources/models.json" />
            <source>Simple questions, with little memory</source>
            <translation>Für einfache Fragen, mit wenig Speicher</translation>
        </message>
        <message>
            <location filename="../../resources/models.json" />
            <source>Qwen3.5-4B: newer general model; no published results on large aerial scenes</source>
            <translation>Qwen3.5-4B: neueres allgemeines Modell; keine veröffentlichten Ergebnisse für große Luftbildszenen</translation>
        </message>
        <message>
            <location filename="../../resources/models.json" />
            <source>Comparing with Qwen3-VL-4B</source>
            <translation>Zum Vergleich mit Qwen3-VL-4B</translation>
        </message>
        <message>
            <location filename="../../resources/models.json" />
            <source>Qwen3.5-9B: newer general model; no published results on large aerial scenes</source>
            <translation>Qwen3.5-9B: neueres allgemeines Modell; keine veröffentlichten Ergebnisse für große Luftbildszenen</translation>
        </message>
        <message>
            <location filename="../../resources/models.json" />
            <source>Comparing with Qwen3-VL-8B</source>
            <translation>Zum Vergleich mit Qwen3-VL-8B</translation>
        </message>
        <message>
            <location filename="../../resources/models.json" />
            <source>Gemma-4-E4B-it by Google: general model that is not of the Qwen family; no published results on large aerial scenes</source>
            <translation>Gemma-4-E4B-it von Google: allgemeines Modell außerhalb der Qwen-Familie; keine veröffentlichten Ergebnisse für große Luftbildszenen</translation>
        </message>
        <message>
            <location filename="../../resources/models.json" />
            <source>Where no Qwen model may be used</source>
            <translation>Wo kein Qwen-Modell verwendet werden darf</translation>
        </message>
        <message>
            <location filename="../../resources/models.json" />
            <source>Apache-2.0 (Google's documentation and the repository's metadata say so; the repository had no licence file)</source>
            <translation>Apache-2.0 (so die Dokumentation von Google und die Metadaten des Repositoriums; eine Lizenzdatei lag dort nicht)</translation>
        </message>
        <message>
            <location filename="../../resources/models.json" />
            <source>Qwen3.8-27B: large general model for a server; no published results on large aerial scenes</source>
            <translation>Qwen3.8-27B: großes allgemeines Modell für einen Server; keine veröffentlichten Ergebnisse für große Luftbildszenen</translation>
        </message>
        <message>
            <location filename="../../resources/models.json" />
            <source>A server for several people</source>
            <translation>Für einen Server, den mehrere Personen nutzen</translation>
        </message>
        <message>
            <location filename="../../resources/models.json" />
            <source>Apache-2.0 according to third parties; the licence file was not checked by us</source>
            <translation>Apache-2.0 laut Dritten; die Lizenzdatei wurde von uns nicht geprüft</translation>
        </message>
        <message>
            <location filename="../../resources/models.json" />
            <source>Qwen2.5-VL-3B-Instruct: older general model</source>
            <translation>Qwen2.5-VL-3B-Instruct: älteres allgemeines Modell</translation>
        </message>
        <message>
            <location filename="../../resources/models.json" />
            <source>The base that ZoomEarth-3B was tuned from; training</source>
            <translation>Die Basis, aus der ZoomEarth-3B trainiert wurde; zum Trainieren</translation>
        </message>
        <message>
            <location filename="../../resources/models.json" />
            <source>Qwen Research License (no commercial use)</source>
            <translation>Qwen Research License (keine kommerzielle Nutzung)</translation>
        </message>
        <message>
            <location filename="../../resources/models.json" />
            <source>Qwen2.5-VL-7B-Instruct: older general model</source>
            <translation>Qwen2.5-VL-7B-Instruct: älteres allgemeines Modell</translation>
        </message>
        <message>
            <location filename="../../resources/models.json" />
            <source>Servers that have it already; training</source>
            <translation>Für Server, die es schon haben; zum Trainieren</translation>
        </message>
        <message>
            <location filename="../../resources/models.json" />
            <source>SAM 2.1 by Meta, large: outlines the object inside a box</source>
            <translation>SAM 2.1 von Meta, groß: umreißt das Objekt in einem Rahmen</translation>
        </message>
        <message>
            <location filename="../../resources/models.json" />
            <source>Outlines, with a graphics card</source>
            <translation>Umrisse, mit einer Grafikkarte</translation>
        </message>
        <message>
            <location filename="../../resources/models.json" />
            <source>SAM 2.1 by Meta, base plus: outlines the object inside a box</source>
            <translation>SAM 2.1 von Meta, mittel: umreißt das Objekt in einem Rahmen</translation>
        </message>
        <message>
            <location filename="../../resources/models.json" />
            <source>Outlines, with a graphics card or patience</source>
            <translation>Umrisse, mit einer Grafikkarte oder Geduld</translation>
        </message>
        <message>
            <location filename="../../resources/models.json" />
            <source>SAM 2.1 by Meta, small: outlines the object inside a box</source>
            <translation>SAM 2.1 von Meta, klein: umreißt das Objekt in einem Rahmen</translation>
        </message>
        <message>
            <location filename="../../resources/models.json" />
            <source>Outlines, on any machine</source>
            <translation>Umrisse, auf jedem Rechner</translation>
        </message>
        <message>
            <location filename="../../resources/models.json" />
            <source>SAM 2.1 by Meta, tiny: outlines the object inside a box</source>
            <translation>SAM 2.1 von Meta, sehr klein: umreißt das Objekt in einem Rahmen</translation>
        </message>
        <message>
            <location filename="../../resources/models.json" />
            <source>Outlines, on any machine, the fastest</source>
            <translation>Umrisse, auf jedem Rechner, am schnellsten</translation>
        </message>
        <message>
            <location filename="../../resources/models.json" />
            <source>DRUNet, trained by the authors of deepinv: removes gaussian noise, in colour and in grey</source>
            <translation>DRUNet, trainiert von den Autoren von deepinv: entfernt Gaußsches Rauschen, in Farbe und in Grau</translation>
        </message>
        <message>
            <location filename="../../resources/models.json" />
            <source>Less noise, with a graphics card or patience</source>
            <translation>Weniger Rauschen, mit einer Grafikkarte oder Geduld</translation>
        </message>
        <message>
            <location filename="../../resources/models.json" />
            <source>BSD-3-Clause</source>
            <translation>BSD-3-Clause</translation>
        </message>
        <message>
            <location filename="../../resources/models.json" />
            <source>Stable Diffusion 1.5 inpainting: draws anew what a mask covers</source>
            <translation>Stable Diffusion 1.5 Inpainting: zeichnet neu, was eine Maske bedeckt</translation>
        </message>
        <message>
            <location filename="../../resources/models.json" />
            <source>Removing and replacing things in a picture, with a graphics card or patience</source>
            <translation>Dinge in einem Bild entfernen und ersetzen, mit einer Grafikkarte oder Geduld</translation>
        </message>
        <message>
            <location filename="../../resources/models.json" />
            <source>CreativeML Open RAIL-M, whose restrictions on use apply</source>
            <translation>CreativeML Open RAIL-M, deren Nutzungsbeschränkungen gelten</translation>
        </message>
    </context>
</TS>
