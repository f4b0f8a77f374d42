<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de" sourcelanguage="en">
    <context>
        <name>ZoomEarth</name>
        <message>
            <location filename="../../plugin/card.py" />
            <source>No zooms were left, so this is a best guess.</source>
            <translation>Es waren keine Zooms mehr übrig, daher ist dies eine bestmögliche Schätzung.</translation>
        </message>
        <message>
            <location filename="../../plugin/card.py" />
            <source>The model's reply could not be read.</source>
            <translation>Die Antwort des Modells war nicht lesbar.</translation>
        </message>
        <message>
            <location filename="../../plugin/card.py" />
            <source>The model's reply had no end.</source>
            <translation>Die Antwort des Modells nahm kein Ende.</translation>
        </message>
        <message>
            <location filename="../../plugin/card.py" />
            <source>The model asked for an impossible box.</source>
            <translation>Das Modell verlangte einen unmöglichen Rahmen.</translation>
        </message>
        <message>
            <location filename="../../plugin/card.py" />
            <source>Cancelled.</source>
            <translation>Abgebrochen.</translation>
        </message>
        <message>
            <location filename="../../plugin/card.py" />
            <source>{name}: pixels {left}, {top} to {right}, {bottom}, {scale} source pixels to one. Click to go there.</source>
            <translation>{name}: Pixel {left}, {top} bis {right}, {bottom}, {scale} Quellpixel je gezeigtem. Klicken, um dorthin zu gehen.</translation>
        </message>
        <message>
            <location filename="../../plugin/card.py" />
            <source>Delete this exchange (it can be undone)</source>
            <translation>Diese Frage löschen (lässt sich zurücknehmen)</translation>
        </message>
        <message>
            <location filename="../../plugin/card.py" />
            <source>Show or hide how the model came to its answer</source>
            <translation>Zeigen oder verbergen, wie das Modell zu seiner Antwort kam</translation>
        </message>
        <message>
            <location filename="../../plugin/card.py" />
            <source>Reasoning</source>
            <translation>Gedankengang</translation>
        </message>
        <message>
            <location filename="../../plugin/card.py" />
            <source>Start the model process again</source>
            <translation>Den Modellprozess neu starten</translation>
        </message>
        <message>
            <location filename="../../plugin/card.py" />
            <source>Restart</source>
            <translation>Neu starten</translation>
        </message>
        <message>
            <location filename="../../plugin/card.py" />
            <source>the whole</source>
            <translation>das Ganze</translation>
        </message>
        <message>
            <location filename="../../plugin/card.py" />
            <source>a closer look</source>
            <translation>ein näherer Blick</translation>
        </message>
        <message>
            <location filename="../../plugin/card.py" />
            <source>Question: {question}</source>
            <translation>Frage: {question}</translation>
        </message>
        <message>
            <location filename="../../plugin/card.py" />
            <source>Answer: {answer}</source>
            <translation>Antwort: {answer}</translation>
        </message>
        <message>
            <location filename="../../plugin/card.py" />
            <source>confidence {value} (not calibrated)</source>
            <translation>Konfidenz {value} (nicht kalibriert)</translation>
        </message>
        <message>
            <location filename="../../plugin/card.py" />
            <source>{seconds} s</source>
            <translation>{seconds} s</translation>
        </message>
        <message>
            <location filename="../../plugin/dock.py" />
            <source>Put them back and open the project again: the next answer begins a new file.</source>
            <translation>Legen Sie sie zurück und öffnen Sie das Projekt neu: Die nächste Antwort beginnt eine neue Datei.</translation>
        </message>
        <message>
            <location filename="../../plugin/dock.py" />
            <source>ZoomEarth</source>
            <translation>ZoomEarth</translation>
        </message>
        <message>
            <location filename="../../plugin/dock.py" />
            <source>Progress</source>
            <translation>Fortschritt</translation>
        </message>
        <message>
            <location filename="../../plugin/dock.py" />
            <source>Ask</source>
            <translation>Fragen</translation>
        </message>
        <message>
            <location filename="../../plugin/dock.py" />
            <source>Ask about the layer (Ctrl+Enter)</source>
            <translation>Zum Layer fragen (Strg+Eingabe)</translation>
        </message>
        <message>
            <location filename="../../plugin/dock.py" />
            <source>Cancel</source>
            <translation>Abbrechen</translation>
        </message>
        <message>
            <location filename="../../plugin/dock.py" />
            <source>Stop answering, and drop the questions that wait</source>
            <translation>Das Antworten anhalten und wartende Fragen verwerfen</translation>
        </message>
        <message>
            <location filename="../../plugin/dock.py" />
            <source>Export boxes, or the conversation as a report</source>
            <translation>Rahmen exportieren, oder das Gespräch als Bericht</translation>
        </message>
        <message>
            <location filename="../../plugin/dock.py" />
            <source>Boxes as Shapefile, GeoPackage or GeoJSON…</source>
            <translation>Rahmen als Shapefile, GeoPackage oder GeoJSON …</translation>
        </message>
        <message>
            <location filename="../../plugin/dock.py" />
            <source>Report as HTML…</source>
            <translation>Bericht als HTML …</translation>
        </message>
        <message>
            <location filename="../../plugin/dock.py" />
            <source>Report as PDF…</source>
            <translation>Bericht als PDF …</translation>
        </message>
        <message>
            <location filename="../../plugin/dock.py" />
            <source>Bring back the exchange deleted last</source>
            <translation>Die zuletzt gelöschte Frage zurückholen</translation>
        </message>
        <message>
            <location filename="../../plugin/dock.py" />
            <source>Choose the GeoPackage that keeps the results</source>
            <translation>Das GeoPackage wählen, in dem die Ergebnisse liegen</translation>
        </message>
        <message>
            <location filename="../../plugin/dock.py" />
            <source>Model, server and environment</source>
            <translation>Modell, Server und Umgebung</translation>
        </message>
        <message>
            <location filename="../../plugin/dock.py" />
            <source>The results are in a temporary file until you save the project, or choose one.</source>
            <translation>Die Ergebnisse liegen in einer temporären Datei, bis Sie das Projekt speichern oder eine Datei wählen.</translation>
        </message>
        <message>
            <location filename="../../plugin/dock.py" />
            <source>starting the model process</source>
            <translation>der Modellprozess wird gestartet</translation>
        </message>
        <message>
            <location filename="../../plugin/dock.py" />
            <source>opening the raster</source>
            <translation>das Raster wird geöffnet</translation>
        </message>
        <message>
            <location filename="../../plugin/dock.py" />
            <source>scanning the raster</source>
            <translation>das Raster wird überflogen</translation>
        </message>
        <message>
            <location filename="../../plugin/dock.py" />
            <source>reading the raster</source>
            <translation>das Raster wird gelesen</translation>
        </message>
        <message>
            <location filename="../../plugin/dock.py" />
            <source>taking a snapshot of the layer</source>
            <translation>der Layer wird aufgenommen</translation>
        </message>
        <message>
            <location filename="../../plugin/dock.py" />
            <source>loading the model</source>
            <translation>das Modell wird geladen</translation>
        </message>
        <message>
            <location filename="../../plugin/dock.py" />
            <source>Choose…</source>
            <translation>Auswählen…</translation>
        </message>
        <message>
            <location filename="../../plugin/dock.py" />
            <source>Choose a raster layer and type a question.</source>
            <translation>Wählen Sie einen Rasterlayer und schreiben Sie eine Frage.</translation>
        </message>
        <message>
            <location filename="../../plugin/dock.py" />
            <source>thinking</source>
            <translation>denkt nach</translation>
        </message>
        <message>
            <location filename="../../plugin/dock.py" />
            <source>{count} polygons are selected: each is a question of its own. Ask all of them?</source>
            <translation>{count} Polygone sind gewählt: Jedes ist eine eigene Frage. Alle fragen?</translation>
        </message>
        <message>
            <location filename="../../plugin/dock.py" />
            <source>The results of this project are missing: {path}.</source>
            <translation>Die Ergebnisse dieses Projekts fehlen: {path}.</translation>
        </message>
        <message>
            <location filename="../../plugin/dock.py" />
            <source>Keep the results in</source>
            <translation>Die Ergebnisse speichern in</translation>
        </message>
        <message>
            <location filename="../../plugin/dock.py" />
            <source>looking at “{label}”</source>
            <translation>sieht sich „{label}“ an</translation>
        </message>
        <message>
            <location filename="../../plugin/export.py" />
            <source>See that the disk has room and the folder can be written to.</source>
            <translation>Stellen Sie sicher, dass auf dem Datenträger Platz ist und der Ordner beschrieben werden kann.</translation>
        </message>
        <message>
            <location filename="../../plugin/export.py" />
            <source>There are no boxes to export.</source>
            <translation>Es gibt keine Rahmen zu exportieren.</translation>
        </message>
        <message>
            <location filename="../../plugin/export.py" />
            <source>Ask a question first, or choose other exchanges.</source>
            <translation>Stellen Sie zuerst eine Frage, oder wählen Sie andere Fragen.</translation>
        </message>
        <message>
            <location filename="../../plugin/export.py" />
            <source>Make it first, or choose another one.</source>
            <translation>Legen Sie ihn zuerst an, oder wählen Sie einen anderen.</translation>
        </message>
        <message>
            <location filename="../../plugin/export.py" />
            <source>Choose another folder.</source>
            <translation>Wählen Sie einen anderen Ordner.</translation>
        </message>
        <message>
            <location filename="../../plugin/export.py" />
            <source>Export its boxes to a file of their own.</source>
            <translation>Exportieren Sie seine Rahmen in eine eigene Datei.</translation>
        </message>
        <message>
            <location filename="../../plugin/export.py" />
            <source>Choose a CRS that covers the raster.</source>
            <translation>Wählen Sie ein KBS, das das Raster abdeckt.</translation>
        </message>
        <message>
            <location filename="../../plugin/export.py" />
            <source>Choose another name, or remove the layer first.</source>
            <translation>Wählen Sie einen anderen Namen, oder entfernen Sie zuerst den Layer.</translation>
        </message>
        <message>
            <location filename="../../plugin/export.py" />
            <source>{layer} lies nowhere on a map, and the others do.</source>
            <translation>{layer} liegt nirgends auf einer Karte, die anderen schon.</translation>
        </message>
        <message>
            <location filename="../../plugin/export.py" />
            <source>The boxes of {layer} can't be moved into {crs}.</source>
            <translation>Die Rahmen von {layer} können nicht in {crs} umgerechnet werden.</translation>
        </message>
        <message>
            <location filename="../../plugin/export.py" />
            <source>{path} has no known suffix.</source>
            <translation>{path} hat keine bekannte Endung.</translation>
        </message>
        <message>
            <location filename="../../plugin/export.py" />
            <source>It ends in {suffixes}.</source>
            <translation>Sie endet auf {suffixes}.</translation>
        </message>
        <message>
            <location filename="../../plugin/export.py" />
            <source>The folder {folder} does not exist.</source>
            <translation>Der Ordner {folder} existiert nicht.</translation>
        </message>
        <message>
            <location filename="../../plugin/export.py" />
            <source>The folder {folder} is read-only.</source>
            <translation>Der Ordner {folder} ist schreibgeschützt.</translation>
        </message>
        <message>
            <location filename="../../plugin/export.py" />
            <source>{path} is open in this project, as the layer {layer}.</source>
            <translation>{path} ist in diesem Projekt geöffnet, als Layer {layer}.</translation>
        </message>
        <message>
            <location filename="../../plugin/export.py" />
            <source>{path} can't be written: {reason}.</source>
            <translation>{path} kann nicht geschrieben werden: {reason}.</translation>
        </message>
        <message>
            <location filename="../../plugin/export.py" />
            <source>not all of it arrived</source>
            <translation>nicht alles ist angekommen</translation>
        </message>
        <message>
            <location filename="../../plugin/export_dialog.py" />
            <source>Export boxes</source>
            <translation>Rahmen exportieren</translation>
        </message>
        <message>
            <location filename="../../plugin/export_dialog.py" />
            <source>Export</source>
            <translation>Exportieren</translation>
        </message>
        <message>
            <location filename="../../plugin/export_dialog.py" />
            <source>Boxes</source>
            <translation>Rahmen</translation>
        </message>
        <message>
            <location filename="../../plugin/export_dialog.py" />
            <source>F&amp;ormat</source>
            <translation>F&amp;ormat</translation>
        </message>
        <message>
            <location filename="../../plugin/export_dialog.py" />
            <source>&amp;CRS</source>
            <translation>&amp;KBS</translation>
        </message>
        <message>
            <location filename="../../plugin/export_dialog.py" />
            <source>&amp;File</source>
            <translation>&amp;Datei</translation>
        </message>
        <message>
            <location filename="../../plugin/export_dialog.py" />
            <source>None: pixels of the raster</source>
            <translation>Keines: Pixel des Rasters</translation>
        </message>
        <message>
            <location filename="../../plugin/export_dialog.py" />
            <source>Selected boxes</source>
            <translation>Gewählte Rahmen</translation>
        </message>
        <message>
            <location filename="../../plugin/export_dialog.py" />
            <source>The boxes that are selected on the map</source>
            <translation>Die Rahmen, die auf der Karte gewählt sind</translation>
        </message>
        <message>
            <location filename="../../plugin/export_dialog.py" />
            <source>All boxes</source>
            <translation>Alle Rahmen</translation>
        </message>
        <message>
            <location filename="../../plugin/export_dialog.py" />
            <source>The boxes of every exchange that the panel keeps</source>
            <translation>Die Rahmen aller Fragen, die das Bedienfeld behält</translation>
        </message>
        <message>
            <location filename="../../plugin/export_dialog.py" />
            <source>Format</source>
            <translation>Format</translation>
        </message>
        <message>
            <location filename="../../plugin/export_dialog.py" />
            <source>A Shapefile keeps the first 254 bytes of a text; the others keep all of it</source>
            <translation>Ein Shapefile behält die ersten 254 Bytes eines Textes, die anderen Formate alles</translation>
        </message>
        <message>
            <location filename="../../plugin/export_dialog.py" />
            <source>Coordinate reference system</source>
            <translation>Koordinatenbezugssystem</translation>
        </message>
        <message>
            <location filename="../../plugin/export_dialog.py" />
            <source>The boxes are moved into this CRS, corner by corner</source>
            <translation>Die Rahmen werden in dieses KBS umgerechnet, Ecke für Ecke</translation>
        </message>
        <message>
            <location filename="../../plugin/export_dialog.py" />
            <source>File</source>
            <translation>Datei</translation>
        </message>
        <message>
            <location filename="../../plugin/export_dialog.py" />
            <source>A file of this name is replaced</source>
            <translation>Eine Datei dieses Namens wird ersetzt</translation>
        </message>
        <message>
            <location filename="../../plugin/export_dialog.py" />
            <source>Selected ({count})</source>
            <translation>Gewählte ({count})</translation>
        </message>
        <message>
            <location filename="../../plugin/export_dialog.py" />
            <source>All ({count})</source>
            <translation>Alle ({count})</translation>
        </message>
        <message>
            <location filename="../../plugin/export_dialog.py" />
            <source>The layer's own: {crs}</source>
            <translation>Das des Layers: {crs}</translation>
        </message>
        <message>
            <location filename="../../plugin/form.py" />
            <source>Raster layer</source>
            <translation>Rasterlayer</translation>
        </message>
        <message>
            <location filename="../../plugin/form.py" />
            <source>The raster that is asked about. It follows the layer that is active in QGIS.</source>
            <translation>Das Raster, zu dem gefragt wird. Es folgt dem Layer, der in QGIS aktiv ist.</translation>
        </message>
        <message>
            <location filename="../../plugin/form.py" />
            <source>Scope</source>
            <translation>Umfang</translation>
        </message>
        <message>
            <location filename="../../plugin/form.py" />
            <source>What part of the layer the model may look at.</source>
            <translation>Welchen Teil des Layers das Modell ansehen darf.</translation>
        </message>
        <message>
            <location filename="../../plugin/form.py" />
            <source>Draw the rectangle on the map</source>
            <translation>Das Rechteck auf der Karte zeichnen</translation>
        </message>
        <message>
            <location filename="../../plugin/form.py" />
            <source>Snapshot resolution</source>
            <translation>Auflösung der Momentaufnahme</translation>
        </message>
        <message>
            <location filename="../../plugin/form.py" />
            <source>Map units per pixel at which a picture of this layer is taken, because its pixels are not in a file.</source>
            <translation>Karteneinheiten je Pixel, mit denen dieser Layer aufgenommen wird, weil seine Pixel in keiner Datei liegen.</translation>
        </message>
        <message>
            <location filename="../../plugin/form.py" />
            <source> map units per pixel</source>
            <translation> Karteneinheiten je Pixel</translation>
        </message>
        <message>
            <location filename="../../plugin/form.py" />
            <source>Snapshot</source>
            <translation>Momentaufnahme</translation>
        </message>
        <message>
            <location filename="../../plugin/form.py" />
            <source>Layer</source>
            <translation>Layer</translation>
        </message>
        <message>
            <location filename="../../plugin/form.py" />
            <source>whole layer</source>
            <translation>ganzer Layer</translation>
        </message>
        <message>
            <location filename="../../plugin/form.py" />
            <source>Whole layer</source>
            <translation>Ganzer Layer</translation>
        </message>
        <message>
            <location filename="../../plugin/form.py" />
            <source>Map canvas extent</source>
            <translation>Ausdehnung der Kartenansicht</translation>
        </message>
        <message>
            <location filename="../../plugin/form.py" />
            <source>Drawn rectangle</source>
            <translation>Gezeichnetes Rechteck</translation>
        </message>
        <message>
            <location filename="../../plugin/form.py" />
            <source>Selected polygons</source>
            <translation>Gewählte Polygone</translation>
        </message>
        <message>
            <location filename="../../plugin/form.py" />
            <source>map canvas extent</source>
            <translation>Ausdehnung der Kartenansicht</translation>
        </message>
        <message>
            <location filename="../../plugin/form.py" />
            <source>No rectangle is drawn yet.</source>
            <translation>Es ist noch kein Rechteck gezeichnet.</translation>
        </message>
        <message>
            <location filename="../../plugin/form.py" />
            <source>Drag it on the map, then ask.</source>
            <translation>Ziehen Sie es auf der Karte auf und fragen Sie dann.</translation>
        </message>
        <message>
            <location filename="../../plugin/form.py" />
            <source>drawn rectangle</source>
            <translation>gezeichnetes Rechteck</translation>
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
            <location filename="../../plugin/install/diagnosis.py" />
            <source>The disk is full.</source>
            <translation>Der Datenträger ist voll.</translation>
        </message>
        <message>
            <location filename="../../plugin/install/diagnosis.py" />
            <source>Make room and try again: what has been downloaded is kept. The variable ZOOMEARTH_HOME names another disk.</source>
            <translation>Schaffen Sie Platz und versuchen Sie es erneut: Was heruntergeladen ist, bleibt. Die Variable ZOOMEARTH_HOME nennt einen anderen Datenträger.</translation>
        </message>
        <message>
            <location filename="../../plugin/install/diagnosis.py" />
            <source>A file or folder may not be written.</source>
            <translation>Eine Datei oder ein Ordner darf nicht geschrieben werden.</translation>
        </message>
        <message>
            <location filename="../../plugin/install/diagnosis.py" />
            <source>Close other programs that use the folder, and see that it is yours to write (a virus scanner can hold it too). The variable ZOOMEARTH_HOME names another place.</source>
            <translation>Schließen Sie andere Programme, die den Ordner verwenden, und stellen Sie sicher, dass Sie darin schreiben dürfen (auch ein Virenscanner kann ihn festhalten). Die Variable ZOOMEARTH_HOME nennt einen anderen Ort.</translation>
        </message>
        <message>
            <location filename="../../plugin/install/diagnosis.py" />
            <source>This Python can't make environments: its venv or ensurepip module is missing.</source>
            <translation>Dieses Python kann keine Umgebungen anlegen: Sein Modul venv oder ensurepip fehlt.</translation>
        </message>
        <message>
            <location filename="../../plugin/install/diagnosis.py" />
            <source>On Debian and Ubuntu: sudo apt install python3-venv. Elsewhere: install Python from python.org, or pick another Python.</source>
            <translation>Unter Debian und Ubuntu: sudo apt install python3-venv. Sonst: Installieren Sie Python von python.org, oder wählen Sie ein anderes Python.</translation>
        </message>
        <message>
            <location filename="../../plugin/install/diagnosis.py" />
            <source>The proxy does not let the download through.</source>
            <translation>Der Proxy lässt den Download nicht durch.</translation>
        </message>
        <message>
            <location filename="../../plugin/install/diagnosis.py" />
            <source>Check address, user and password under Settings &gt; Options &gt; Network, then try again.</source>
            <translation>Prüfen Sie Adresse, Benutzer und Passwort unter Einstellungen &gt; Optionen &gt; Netzwerk und versuchen Sie es erneut.</translation>
        </message>
        <message>
            <location filename="../../plugin/install/diagnosis.py" />
            <source>A server's certificate is not trusted; often a company's network puts its own in its place.</source>
            <translation>Dem Zertifikat eines Servers wird nicht vertraut; oft setzt ein Firmennetz ein eigenes an seine Stelle.</translation>
        </message>
        <message>
            <location filename="../../plugin/install/diagnosis.py" />
            <source>Ask the network's administrator for the certificate file, set the variable PIP_CERT to its path, and restart QGIS.</source>
            <translation>Bitten Sie die Netzwerkverwaltung um die Zertifikatsdatei, setzen Sie die Variable PIP_CERT auf deren Pfad und starten Sie QGIS neu.</translation>
        </message>
        <message>
            <location filename="../../plugin/install/diagnosis.py" />
            <source>The package index can't be reached: this machine seems to be offline.</source>
            <translation>Der Paketindex ist nicht erreichbar: Dieser Rechner scheint keine Verbindung zu haben.</translation>
        </message>
        <message>
            <location filename="../../plugin/install/diagnosis.py" />
            <source>Check the connection and try again: what has been downloaded is kept. For a machine without a network, run 'pip download -d packages -r backend.txt' on a like one that has it, carry the folder over, and choose it in this dialog.</source>
            <translation>Prüfen Sie die Verbindung und versuchen Sie es erneut: Was heruntergeladen ist, bleibt. Für einen Rechner ohne Netz führen Sie 'pip download -d packages -r backend.txt' auf einem gleichartigen mit Netz aus, tragen den Ordner hinüber und wählen ihn in diesem Dialog.</translation>
        </message>
        <message>
            <location filename="../../plugin/install/diagnosis.py" />
            <source>No suitable Python was found: 3.10 or newer, of 64 bits, is needed.</source>
            <translation>Es wurde kein passendes Python gefunden: 3.10 oder neuer, mit 64 Bit, wird gebraucht.</translation>
        </message>
        <message>
            <location filename="../../plugin/install/diagnosis.py" />
            <source>Install one from python.org (or your system's packages), or install uv, which brings its own; then try again.</source>
            <translation>Installieren Sie eines von python.org (oder aus den Paketen Ihres Systems), oder installieren Sie uv, das ein eigenes mitbringt, und versuchen Sie es erneut.</translation>
        </message>
        <message>
            <location filename="../../plugin/install/diagnosis.py" />
            <source>A package is not offered for this system and Python.</source>
            <translation>Ein Paket wird für dieses System und Python nicht angeboten.</translation>
        </message>
        <message>
            <location filename="../../plugin/install/diagnosis.py" />
            <source>Pick another Python: 3.10 to 3.13, of 64 bits. Old systems and unusual processors can use a model on a server instead.</source>
            <translation>Wählen Sie ein anderes Python: 3.10 bis 3.13, mit 64 Bit. Alte Systeme und ungewöhnliche Prozessoren können stattdessen ein Modell auf einem Server verwenden.</translation>
        </message>
        <message>
            <location filename="../../plugin/install/diagnosis.py" />
            <source>A download arrived damaged.</source>
            <translation>Etwas Heruntergeladenes ist beschädigt angekommen.</translation>
        </message>
        <message>
            <location filename="../../plugin/install/diagnosis.py" />
            <source>Try again: it is fetched afresh.</source>
            <translation>Versuchen Sie es erneut: Es wird neu geholt.</translation>
        </message>
        <message>
            <location filename="../../plugin/install/diagnosis.py" />
            <source>A library of the system is missing or too old.</source>
            <translation>Eine Bibliothek des Systems fehlt oder ist zu alt.</translation>
        </message>
        <message>
            <location filename="../../plugin/install/diagnosis.py" />
            <source>On Windows, install Microsoft's Visual C++ Redistributable (x64), then try again. On Linux, update the system.</source>
            <translation>Installieren Sie unter Windows Microsofts Visual C++ Redistributable (x64) und versuchen Sie es erneut. Aktualisieren Sie unter Linux das System.</translation>
        </message>
        <message>
            <location filename="../../plugin/install/diagnosis.py" />
            <source>The machine ran out of memory.</source>
            <translation>Dem Rechner ist der Arbeitsspeicher ausgegangen.</translation>
        </message>
        <message>
            <location filename="../../plugin/install/diagnosis.py" />
            <source>Close other programs and try again.</source>
            <translation>Schließen Sie andere Programme und versuchen Sie es erneut.</translation>
        </message>
        <message>
            <location filename="../../plugin/install/diagnosis.py" />
            <source>Another QGIS is setting ZoomEarth up at the moment.</source>
            <translation>Ein anderes QGIS richtet ZoomEarth gerade ein.</translation>
        </message>
        <message>
            <location filename="../../plugin/install/diagnosis.py" />
            <source>Wait until it has finished, then try again.</source>
            <translation>Warten Sie, bis es fertig ist, und versuchen Sie es erneut.</translation>
        </message>
        <message>
            <location filename="../../plugin/install/diagnosis.py" />
            <source>The installation ended with an error.</source>
            <translation>Die Installation endete mit einem Fehler.</translation>
        </message>
        <message>
            <location filename="../../plugin/install/diagnosis.py" />
            <source>The log's last lines say more. 'Copy diagnostics' gathers what a report of the fault should hold.</source>
            <translation>Die letzten Zeilen des Protokolls sagen mehr. 'Diagnose kopieren' sammelt, was eine Fehlermeldung enthalten sollte.</translation>
        </message>
        <message>
            <location filename="../../plugin/install/dialog.py" />
            <source>Set up ZoomEarth</source>
            <translation>ZoomEarth einrichten</translation>
        </message>
        <message>
            <location filename="../../plugin/install/dialog.py" />
            <source>Begin the download</source>
            <translation>Herunterladen beginnen</translation>
        </message>
        <message>
            <location filename="../../plugin/install/dialog.py" />
            <source>Versions, settings and the log, without keys and paths</source>
            <translation>Versionen, Einstellungen und Protokoll, ohne Schlüssel und Pfade</translation>
        </message>
        <message>
            <location filename="../../plugin/install/dialog.py" />
            <source>Close without an environment</source>
            <translation>Ohne Umgebung schließen</translation>
        </message>
        <message>
            <location filename="../../plugin/install/dialog.py" />
            <source>Which PyTorch is brought</source>
            <translation>Welches PyTorch geholt wird</translation>
        </message>
        <message>
            <location filename="../../plugin/install/dialog.py" />
            <source>the processor</source>
            <translation>den Prozessor</translation>
        </message>
        <message>
            <location filename="../../plugin/install/dialog.py" />
            <source>an NVIDIA card (CUDA)</source>
            <translation>eine NVIDIA-Karte (CUDA)</translation>
        </message>
        <message>
            <location filename="../../plugin/install/dialog.py" />
            <source>Apple's graphics (Metal)</source>
            <translation>Apples Grafik (Metal)</translation>
        </message>
        <message>
            <location filename="../../plugin/install/dialog.py" />
            <source>Size of the download</source>
            <translation>Größe des Downloads</translation>
        </message>
        <message>
            <location filename="../../plugin/install/dialog.py" />
            <source>Room needed and free</source>
            <translation>Benötigter und freier Platz</translation>
        </message>
        <message>
            <location filename="../../plugin/install/dialog.py" />
            <source>Folder of the environment</source>
            <translation>Ordner der Umgebung</translation>
        </message>
        <message>
            <location filename="../../plugin/install/dialog.py" />
            <source>Computes with</source>
            <translation>Rechnet mit</translation>
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
            <source>Where</source>
            <translation>Wo</translation>
        </message>
        <message>
            <location filename="../../plugin/install/dialog.py" />
            <source>How the last attempt ended</source>
            <translation>Wie der letzte Versuch endete</translation>
        </message>
        <message>
            <location filename="../../plugin/install/dialog.py" />
            <source>Other ways</source>
            <translation>Andere Wege</translation>
        </message>
        <message>
            <location filename="../../plugin/install/dialog.py" />
            <source>The Python from which the environment is made: 3.10 or newer</source>
            <translation>Das Python, aus dem die Umgebung angelegt wird: 3.10 oder neuer</translation>
        </message>
        <message>
            <location filename="../../plugin/install/dialog.py" />
            <source>found by itself</source>
            <translation>von selbst gefunden</translation>
        </message>
        <message>
            <location filename="../../plugin/install/dialog.py" />
            <source>A folder of wheels, for a machine without a network</source>
            <translation>Ein Ordner mit Wheels, für einen Rechner ohne Netz</translation>
        </message>
        <message>
            <location filename="../../plugin/install/dialog.py" />
            <source>the Python package index</source>
            <translation>dem Python-Paketindex</translation>
        </message>
        <message>
            <location filename="../../plugin/install/dialog.py" />
            <source>Made with Python</source>
            <translation>Erstellt mit Python</translation>
        </message>
        <message>
            <location filename="../../plugin/install/dialog.py" />
            <source>Packages from</source>
            <translation>Pakete aus</translation>
        </message>
        <message>
            <location filename="../../plugin/install/dialog.py" />
            <source>What is done at the moment</source>
            <translation>Was gerade getan wird</translation>
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
            <source>What helps</source>
            <translation>Was hilft</translation>
        </message>
        <message>
            <location filename="../../plugin/install/dialog.py" />
            <source>The log's last lines</source>
            <translation>Die letzten Zeilen des Protokolls</translation>
        </message>
        <message>
            <location filename="../../plugin/install/dialog.py" />
            <source>Go on</source>
            <translation>Weiter</translation>
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
            <source>The model runs beside QGIS, with PyTorch and other free packages from the Python package index. They go into a folder of their own: neither QGIS nor your system is changed, and one click in Settings &gt; Options &gt; ZoomEarth removes them. A small demo model is on board; larger models are downloaded there. Your rasters stay on this machine.</source>
            <translation>Das Modell läuft neben QGIS, mit PyTorch und anderen freien Paketen aus dem Python-Paketindex. Sie kommen in einen eigenen Ordner: Weder QGIS noch Ihr System wird verändert, und ein Klick unter Einstellungen &gt; Optionen &gt; ZoomEarth entfernt sie wieder. Ein kleines Demomodell liegt bei; größere Modelle werden dort heruntergeladen. Ihre Raster bleiben auf diesem Rechner.</translation>
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
            <translation>Angehalten. Was heruntergeladen ist, bleibt.</translation>
        </message>
        <message>
            <location filename="../../plugin/install/dialog.py" />
            <source>about {size}</source>
            <translation>etwa {size}</translation>
        </message>
        <message>
            <location filename="../../plugin/install/dialog.py" />
            <source>about {size}; {free} are free</source>
            <translation>etwa {size}; {free} sind frei</translation>
        </message>
        <message>
            <location filename="../../plugin/install/dialog.py" />
            <source>ZoomEarth needs a Python environment of its own</source>
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
            <source>found here</source>
            <translation>hier gefunden</translation>
        </message>
        <message>
            <location filename="../../plugin/install/recipe.py" />
            <source>Making the environment</source>
            <translation>Die Umgebung wird angelegt</translation>
        </message>
        <message>
            <location filename="../../plugin/install/recipe.py" />
            <source>Downloading and unpacking the packages</source>
            <translation>Die Pakete werden heruntergeladen und entpackt</translation>
        </message>
        <message>
            <location filename="../../plugin/install/recipe.py" />
            <source>Trying it out</source>
            <translation>Es wird ausprobiert</translation>
        </message>
        <message>
            <location filename="../../plugin/install/recipe.py" />
            <source>Tidying up</source>
            <translation>Es wird aufgeräumt</translation>
        </message>
        <message>
            <location filename="../../plugin/install/recipe.py" />
            <source>Looking at what is there</source>
            <translation>Vorhandenes wird angesehen</translation>
        </message>
        <message>
            <location filename="../../plugin/install/recipe.py" />
            <source>Reading pip's settings</source>
            <translation>Die Einstellungen von pip werden gelesen</translation>
        </message>
        <message>
            <location filename="../../plugin/install/recipe.py" />
            <source>Bringing pip up to date</source>
            <translation>pip wird auf den neuesten Stand gebracht</translation>
        </message>
        <message>
            <location filename="../../plugin/install/recipe.py" />
            <source>Looking for a Python</source>
            <translation>Ein Python wird gesucht</translation>
        </message>
        <message>
            <location filename="../../plugin/install/recipe.py" />
            <source>Fetching uv</source>
            <translation>uv wird geholt</translation>
        </message>
        <message>
            <location filename="../../plugin/keeper.py" />
            <source>ROIs</source>
            <translation>Betrachtete Bereiche</translation>
        </message>
        <message>
            <location filename="../../plugin/options/download.py" />
            <source>Downloading the model {model}</source>
            <translation>Das Modell {model} wird heruntergeladen</translation>
        </message>
        <message>
            <location filename="../../plugin/options/download.py" />
            <source>The download ended with an error.</source>
            <translation>Das Herunterladen endete mit einem Fehler.</translation>
        </message>
        <message>
            <location filename="../../plugin/options/environment.py" />
            <source>Remove {folder} ({size})? Downloaded models stay. It can be set up again at any time.</source>
            <translation>{folder} ({size}) entfernen? Heruntergeladene Modelle bleiben. Die Umgebung kann jederzeit neu eingerichtet werden.</translation>
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
            <source>Says what is downloaded and how large it is, then asks</source>
            <translation>Sagt, was heruntergeladen wird und wie groß es ist, und fragt dann</translation>
        </message>
        <message>
            <location filename="../../plugin/options/environment.py" />
            <source>Deletes the environment; downloaded models stay</source>
            <translation>Löscht die Umgebung; heruntergeladene Modelle bleiben</translation>
        </message>
        <message>
            <location filename="../../plugin/options/environment.py" />
            <source>A Python of yours that has PyTorch and ZoomEarth's other packages</source>
            <translation>Ein eigenes Python mit PyTorch und den übrigen Paketen von ZoomEarth</translation>
        </message>
        <message>
            <location filename="../../plugin/options/environment.py" />
            <source>the environment above</source>
            <translation>die Umgebung oben</translation>
        </message>
        <message>
            <location filename="../../plugin/options/environment.py" />
            <source>Other interpreter</source>
            <translation>Anderer Interpreter</translation>
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
            <source>Being removed ...</source>
            <translation>Wird entfernt ...</translation>
        </message>
        <message>
            <location filename="../../plugin/options/environment.py" />
            <source>unfinished</source>
            <translation>unfertig</translation>
        </message>
        <message>
            <location filename="../../plugin/options/environment.py" />
            <source>Remove the environment</source>
            <translation>Die Umgebung entfernen</translation>
        </message>
        <message>
            <location filename="../../plugin/options/environment.py" />
            <source>The interpreter below is used instead.</source>
            <translation>Stattdessen wird der Interpreter unten verwendet.</translation>
        </message>
        <message>
            <location filename="../../plugin/options/environment.py" />
            <source>The interpreter below is not there.</source>
            <translation>Den Interpreter unten gibt es nicht.</translation>
        </message>
        <message>
            <location filename="../../plugin/options/environment.py" />
            <source>It can't be removed: {why}.</source>
            <translation>Sie kann nicht entfernt werden: {why}.</translation>
        </message>
        <message>
            <location filename="../../plugin/options/environment.py" />
            <source>Begun, and not finished: setting up goes on from there.</source>
            <translation>Begonnen und nicht beendet: Das Einrichten geht von dort weiter.</translation>
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
            <source>A folder with the files of a model: config.json, its weights as safetensors, tokenizer</source>
            <translation>Ein Ordner mit den Dateien eines Modells: config.json, Gewichte als safetensors, Tokenizer</translation>
        </message>
        <message>
            <location filename="../../plugin/options/model.py" />
            <source>Model</source>
            <translation>Modell</translation>
        </message>
        <message>
            <location filename="../../plugin/options/model.py" />
            <source>The model that answers</source>
            <translation>Das Modell, das antwortet</translation>
        </message>
        <message>
            <location filename="../../plugin/options/model.py" />
            <source>A folder with a model of your own</source>
            <translation>Ein Ordner mit einem eigenen Modell</translation>
        </message>
        <message>
            <location filename="../../plugin/options/model.py" />
            <source>A model on a server (OpenAI-compatible)</source>
            <translation>Ein Modell auf einem Server (OpenAI-kompatibel)</translation>
        </message>
        <message>
            <location filename="../../plugin/options/model.py" />
            <source>Give the server's address first.</source>
            <translation>Geben Sie zuerst die Adresse des Servers an.</translation>
        </message>
        <message>
            <location filename="../../plugin/options/model.py" />
            <source>Choose the model's folder first.</source>
            <translation>Wählen Sie zuerst den Ordner des Modells.</translation>
        </message>
        <message>
            <location filename="../../plugin/options/model.py" />
            <source>What this model is, and its licence</source>
            <translation>Was dieses Modell ist, und seine Lizenz</translation>
        </message>
        <message>
            <location filename="../../plugin/options/model.py" />
            <source>Whether the model is on this machine</source>
            <translation>Ob das Modell auf diesem Rechner ist</translation>
        </message>
        <message>
            <location filename="../../plugin/options/model.py" />
            <source>Downloads the model; what has arrived is kept when it is stopped</source>
            <translation>Lädt das Modell herunter; was angekommen ist, bleibt beim Anhalten erhalten</translation>
        </message>
        <message>
            <location filename="../../plugin/options/model.py" />
            <source>How much of the model has arrived</source>
            <translation>Wie viel vom Modell angekommen ist</translation>
        </message>
        <message>
            <location filename="../../plugin/options/model.py" />
            <source>Folder</source>
            <translation>Ordner</translation>
        </message>
        <message>
            <location filename="../../plugin/options/model.py" />
            <source>Whose prompt and way of zooming the model on the server understands</source>
            <translation>Wessen Prompt und Art zu zoomen das Modell auf dem Server versteht</translation>
        </message>
        <message>
            <location filename="../../plugin/options/model.py" />
            <source>The server's key, kept by QGIS's authentication manager</source>
            <translation>Der Schlüssel des Servers, verwahrt in der Authentifizierungsverwaltung von QGIS</translation>
        </message>
        <message>
            <location filename="../../plugin/options/model.py" />
            <source>Asked like</source>
            <translation>Gefragt wie</translation>
        </message>
        <message>
            <location filename="../../plugin/options/model.py" />
            <source>Key</source>
            <translation>Schlüssel</translation>
        </message>
        <message>
            <location filename="../../plugin/options/model.py" />
            <source>Licence</source>
            <translation>Lizenz</translation>
        </message>
        <message>
            <location filename="../../plugin/options/model.py" />
            <source>Comes with ZoomEarth.</source>
            <translation>Liegt ZoomEarth bei.</translation>
        </message>
        <message>
            <location filename="../../plugin/options/model.py" />
            <source>On this machine.</source>
            <translation>Auf diesem Rechner.</translation>
        </message>
        <message>
            <location filename="../../plugin/options/model.py" />
            <source>{done} of {total}</source>
            <translation>{done} von {total}</translation>
        </message>
        <message>
            <location filename="../../plugin/options/model.py" />
            <source>Stopped: what has arrived is kept, and the next download goes on from there.</source>
            <translation>Angehalten: Was angekommen ist, bleibt, und der nächste Download geht von dort weiter.</translation>
        </message>
        <message>
            <location filename="../../plugin/options/model.py" />
            <source>The key is an entry of type Basic (as its password) or API Header (Authorization).</source>
            <translation>Der Schlüssel ist ein Eintrag der Art Basic (als dessen Passwort) oder API Header (Authorization).</translation>
        </message>
        <message>
            <location filename="../../plugin/options/model.py" />
            <source>{model} is being downloaded at the moment.</source>
            <translation>{model} wird gerade heruntergeladen.</translation>
        </message>
        <message>
            <location filename="../../plugin/options/model.py" />
            <source>Being downloaded ...</source>
            <translation>Wird heruntergeladen ...</translation>
        </message>
        <message>
            <location filename="../../plugin/options/model.py" />
            <source>Not on this machine: {size} to download, once ZoomEarth is set up (below).</source>
            <translation>Nicht auf diesem Rechner: {size} sind herunterzuladen, sobald ZoomEarth eingerichtet ist (unten).</translation>
        </message>
        <message>
            <location filename="../../plugin/options/model.py" />
            <source>Not on this machine: {size} to download.</source>
            <translation>Nicht auf diesem Rechner: {size} sind herunterzuladen.</translation>
        </message>
        <message>
            <location filename="../../plugin/options/page.py" />
            <source>Computation</source>
            <translation>Berechnung</translation>
        </message>
        <message>
            <location filename="../../plugin/options/page.py" />
            <source>Asks a question about a picture that comes with ZoomEarth</source>
            <translation>Stellt eine Frage zu einem Bild, das ZoomEarth beiliegt</translation>
        </message>
        <message>
            <location filename="../../plugin/options/page.py" />
            <source>What the test has shown</source>
            <translation>Was der Test ergeben hat</translation>
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
            <source>ZoomEarth is not set up yet: set it up above, or pick a Python that has its packages.</source>
            <translation>ZoomEarth ist noch nicht eingerichtet: Richten Sie es oben ein, oder wählen Sie ein Python, das seine Pakete hat.</translation>
        </message>
        <message>
            <location filename="../../plugin/options/trial.py" />
            <source>It works: asked to '{question}', it says '{answer}' ({truth} is right), in {seconds:.1f} s with loading.</source>
            <translation>Es funktioniert: Auf '{question}' antwortet es '{answer}' (richtig ist {truth}), in {seconds:.1f} s mit dem Laden.</translation>
        </message>
        <message>
            <location filename="../../plugin/options/trial.py" />
            <source>Loading the model ...</source>
            <translation>Das Modell wird geladen ...</translation>
        </message>
        <message>
            <location filename="../../plugin/options/trial.py" />
            <source>The model gave no answer.</source>
            <translation>Das Modell gab keine Antwort.</translation>
        </message>
        <message>
            <location filename="../../plugin/options/trial.py" />
            <source>Asking: {question}</source>
            <translation>Gefragt wird: {question}</translation>
        </message>
        <message>
            <location filename="../../plugin/plugin.py" />
            <source>Ask a question about a raster (ZoomEarth)</source>
            <translation>Eine Frage zu einem Raster stellen (ZoomEarth)</translation>
        </message>
        <message>
            <location filename="../../plugin/plugin.py" />
            <source>Write the report</source>
            <translation>Den Bericht schreiben</translation>
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
            <source>The interpreter {path}, chosen in Settings &gt; Options &gt; ZoomEarth, is not there.</source>
            <translation>Den Interpreter {path}, gewählt unter Einstellungen &gt; Optionen &gt; ZoomEarth, gibt es nicht.</translation>
        </message>
        <message>
            <location filename="../../plugin/plugin.py" />
            <source>Written: {path}</source>
            <translation>Geschrieben: {path}</translation>
        </message>
        <message>
            <location filename="../../plugin/process.py" />
            <source>The model process crashed twice within a minute and stays down.</source>
            <translation>Der Modellprozess ist zweimal in einer Minute abgestürzt und bleibt aus.</translation>
        </message>
        <message>
            <location filename="../../plugin/process.py" />
            <source>The log says why. Restart it to try again.</source>
            <translation>Das Protokoll sagt, warum. Starten Sie ihn neu, um es erneut zu versuchen.</translation>
        </message>
        <message>
            <location filename="../../plugin/process.py" />
            <source>Pick another interpreter, or set the environment up again: Settings &gt; Options &gt; ZoomEarth.</source>
            <translation>Wählen Sie einen anderen Interpreter, oder richten Sie die Umgebung neu ein: Einstellungen &gt; Optionen &gt; ZoomEarth.</translation>
        </message>
        <message>
            <location filename="../../plugin/process.py" />
            <source>The model process was ended, because a cancelled question did not stop.</source>
            <translation>Der Modellprozess wurde beendet, weil eine abgebrochene Frage nicht anhielt.</translation>
        </message>
        <message>
            <location filename="../../plugin/process.py" />
            <source>Ask again: it is started anew.</source>
            <translation>Fragen Sie erneut: Er wird neu gestartet.</translation>
        </message>
        <message>
            <location filename="../../plugin/process.py" />
            <source>The model process crashed or was killed.</source>
            <translation>Der Modellprozess ist abgestürzt oder wurde beendet.</translation>
        </message>
        <message>
            <location filename="../../plugin/process.py" />
            <source>The model process can't be started with {program}: {reason}.</source>
            <translation>Der Modellprozess kann mit {program} nicht gestartet werden: {reason}.</translation>
        </message>
        <message>
            <location filename="../../plugin/process.py" />
            <source>The model process ended with exit code {code}.</source>
            <translation>Der Modellprozess endete mit dem Code {code}.</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/ask.py" />
            <source>Ask a raster</source>
            <translation>Ein Raster befragen</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/ask.py" />
            <source>Asks a raster a question and gives the answer with the places where it was read.</source>
            <translation>Stellt eine Frage zu einem Raster und gibt die Antwort mit den Stellen, an denen sie abgelesen wurde.</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/ask.py" />
            <source>&lt;p&gt;Asks a vision-language model a question about a raster of any size. The model sees the whole raster small, asks for the places it wants to see at native resolution, and answers.&lt;/p&gt;&lt;p&gt;Good questions name one thing and where it is: &lt;i&gt;How many ships are at the northern pier? What colour is the roof beside the stadium?&lt;/i&gt;&lt;/p&gt;&lt;p&gt;The answer is one of the outputs (ANSWER), with how sure the model was (CONFIDENCE, 0 to 1, not calibrated; empty where the model gives none) and why it stopped (STOPPED: answered, limit, unreadable ...). The output layer holds a polygon for each place it looked at: check the answer there. It is empty where the overview was enough.&lt;/p&gt;</source>
            <translation>&lt;p&gt;Stellt einem Bild-Sprach-Modell eine Frage zu einem Raster beliebiger Größe. Das Modell sieht das ganze Raster verkleinert, verlangt die Stellen, die es in voller Auflösung sehen will, und antwortet.&lt;/p&gt;&lt;p&gt;Gute Fragen nennen eine Sache und wo sie liegt: &lt;i&gt;How many ships are at the northern pier? What colour is the roof beside the stadium?&lt;/i&gt;&lt;/p&gt;&lt;p&gt;Die Antwort ist eine der Ausgaben (ANSWER), dazu, wie sicher das Modell war (CONFIDENCE, 0 bis 1, nicht kalibriert; leer, wo das Modell nichts angibt), und warum es geendet hat (STOPPED: answered, limit, unreadable ...). Der Ausgabelayer enthält ein Polygon für jede betrachtete Stelle: Prüfen Sie die Antwort dort. Er ist leer, wo die Übersicht genügte.&lt;/p&gt;</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/ask.py" />
            <source>Raster</source>
            <translation>Raster</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/ask.py" />
            <source>Any raster layer. Its bands and contrast limits are used as they are set in its style.</source>
            <translation>Ein beliebiger Rasterlayer. Kanäle und Kontrastgrenzen gelten, wie sie in seinem Stil stehen.</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/ask.py" />
            <source>Question</source>
            <translation>Frage</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/ask.py" />
            <source>In plain words, best in English: How many planes are at the airport?</source>
            <translation>In einfachen Worten, am besten auf Englisch: How many planes are at the airport?</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/ask.py" />
            <source>Only inside this extent</source>
            <translation>Nur innerhalb dieser Ausdehnung</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/ask.py" />
            <source>The model sees nothing outside of it. Empty: the whole raster.</source>
            <translation>Außerhalb davon sieht das Modell nichts. Leer: das ganze Raster.</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/ask.py" />
            <source>Answer</source>
            <translation>Antwort</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/ask.py" />
            <source>Confidence</source>
            <translation>Konfidenz</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/ask.py" />
            <source>Why it stopped</source>
            <translation>Warum es endete</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/askbyfeature.py" />
            <source>Ask by feature</source>
            <translation>Je Objekt fragen</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/askbyfeature.py" />
            <source>Asks a raster the same question inside each polygon of a layer; the answers become attributes.</source>
            <translation>Stellt einem Raster dieselbe Frage in jedem Polygon eines Layers; die Antworten werden Attribute.</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/askbyfeature.py" />
            <source>&lt;p&gt;Asks a raster a question once for each polygon, about the part of it around that polygon (its bounding box in the raster's pixels), and copies the polygons with the answers as attributes: answer, confidence (0 to 1, not calibrated), stopped (why), model and error. The polygons may be in another CRS than the raster.&lt;/p&gt;&lt;p&gt;The question may hold expressions that are evaluated for each feature: &lt;i&gt;How many ships are at [% "name" %]?&lt;/i&gt;&lt;/p&gt;&lt;p&gt;A polygon that can't be asked about, such as one outside the raster, keeps its place with the reason in &lt;i&gt;error&lt;/i&gt;. The run fails only where every polygon does.&lt;/p&gt;</source>
            <translation>&lt;p&gt;Stellt einem Raster eine Frage je Polygon, jeweils zu dem Teil um dieses Polygon (dem umschließenden Rechteck in Rasterpixeln), und kopiert die Polygone mit den Antworten als Attributen: answer (Antwort), confidence (0 bis 1, nicht kalibriert), stopped (warum geendet), model (Modell) und error (Fehler). Die Polygone dürfen in einem anderen KBS liegen als das Raster.&lt;/p&gt;&lt;p&gt;Die Frage darf Ausdrücke enthalten, die für jedes Objekt ausgewertet werden: &lt;i&gt;How many ships are at [% "name" %]?&lt;/i&gt;&lt;/p&gt;&lt;p&gt;Ein Polygon, zu dem nicht gefragt werden kann, etwa eines außerhalb des Rasters, behält seinen Platz, mit dem Grund in &lt;i&gt;error&lt;/i&gt;. Der Lauf scheitert nur, wenn es jedes Polygon tut.&lt;/p&gt;</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/askbyfeature.py" />
            <source>Polygons</source>
            <translation>Polygone</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/askbyfeature.py" />
            <source>One question is asked for each. Two thousand polygons take two thousand answers: try a few first.</source>
            <translation>Für jedes wird eine Frage gestellt. Zweitausend Polygone brauchen zweitausend Antworten: Versuchen Sie es zuerst mit wenigen.</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/askbyfeature.py" />
            <source>In plain words. [% "field" %] puts an attribute of the feature in, or any other expression.</source>
            <translation>In einfachen Worten. [% "field" %] setzt ein Attribut des Objekts ein, oder jeden anderen Ausdruck.</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/askbyfeature.py" />
            <source>Answers</source>
            <translation>Antworten</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/askbyfeature.py" />
            <source>The polygons with the fields answer, confidence, stopped, model and error.</source>
            <translation>Die Polygone mit den Feldern answer, confidence, stopped, model und error.</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/askbyfeature.py" />
            <source>The feature has no geometry.</source>
            <translation>Das Objekt hat keine Geometrie.</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/askbyfeature.py" />
            <source>The expression in the question can't be evaluated: {question}</source>
            <translation>Der Ausdruck in der Frage kann nicht ausgewertet werden: {question}</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/askbyfeature.py" />
            <source>Feature {id}: {error}</source>
            <translation>Objekt {id}: {error}</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/askbyfeature.py" />
            <source>The feature can't be found in the raster's coordinates: {reason}</source>
            <translation>Das Objekt ist in den Koordinaten des Rasters nicht zu finden: {reason}</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/asker.py" />
            <source>Zoom {step}: {label}, {width} x {height} pixels, {scale:.1f} to one shown</source>
            <translation>Zoom {step}: {label}, {width} x {height} Pixel, {scale:.1f} je gezeigtem</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/asker.py" />
            <source>Opening the raster</source>
            <translation>Das Raster wird geöffnet</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/asker.py" />
            <source>Scanning the overview</source>
            <translation>Die Übersicht wird erstellt</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/asker.py" />
            <source>Loading the model</source>
            <translation>Das Modell wird geladen</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/asker.py" />
            <source>Thinking</source>
            <translation>Denkt nach</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/asker.py" />
            <source>Reading pixels</source>
            <translation>Pixel werden gelesen</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/asker.py" />
            <source>Taking a snapshot of the layer</source>
            <translation>Der Layer wird aufgenommen</translation>
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
            <source>Ask many</source>
            <translation>Vieles fragen</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/askmany.py" />
            <source>Asks every question of a list about every raster of a list; the answers become a table.</source>
            <translation>Stellt jede Frage einer Liste zu jedem Raster einer Liste; die Antworten werden eine Tabelle.</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/askmany.py" />
            <source>&lt;p&gt;Asks each question about each raster, one after another, and writes a row for every pair: layer, question, answer, confidence (0 to 1, not calibrated), stopped (why), seconds, model, error and exchange.&lt;/p&gt;&lt;p&gt;Questions stand one on a line. A row that fails has the reason in &lt;i&gt;error&lt;/i&gt; and the run goes on; it fails only where every row does. After a cancel, a table that is written to a file holds what was answered until then.&lt;/p&gt;&lt;p&gt;The regions of interest, if they are wanted, go into one layer in the CRS you choose; their &lt;i&gt;exchange&lt;/i&gt; is that of the row they belong to.&lt;/p&gt;</source>
            <translation>&lt;p&gt;Stellt jede Frage zu jedem Raster, nacheinander, und schreibt je Paar eine Zeile: layer, question (Frage), answer (Antwort), confidence (0 bis 1, nicht kalibriert), stopped (warum geendet), seconds (Sekunden), model (Modell), error (Fehler) und exchange.&lt;/p&gt;&lt;p&gt;Die Fragen stehen je in einer Zeile. Eine Zeile, die scheitert, hat den Grund in &lt;i&gt;error&lt;/i&gt;, und der Lauf geht weiter; er scheitert nur, wenn es jede Zeile tut. Nach einem Abbruch enthält eine Tabelle, die in eine Datei geschrieben wird, was bis dahin beantwortet war.&lt;/p&gt;&lt;p&gt;Die betrachteten Bereiche kommen, wenn gewünscht, in einen Layer im KBS Ihrer Wahl; ihr &lt;i&gt;exchange&lt;/i&gt; ist der ihrer Zeile.&lt;/p&gt;</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/askmany.py" />
            <source>Rasters</source>
            <translation>Raster</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/askmany.py" />
            <source>Any raster layers, each with its own CRS, bands and contrast limits.</source>
            <translation>Beliebige Rasterlayer, jeder mit eigenem KBS, eigenen Kanälen und Kontrastgrenzen.</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/askmany.py" />
            <source>Questions, one on a line</source>
            <translation>Fragen, je eine in einer Zeile</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/askmany.py" />
            <source>Each line is asked by itself; the model remembers nothing of the line before. Blank lines are passed over.</source>
            <translation>Jede Zeile wird für sich gefragt; von der Zeile davor weiß das Modell nichts. Leere Zeilen werden übergangen.</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/askmany.py" />
            <source>CRS of the regions of interest</source>
            <translation>KBS der betrachteten Bereiche</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/askmany.py" />
            <source>Empty: the first raster's.</source>
            <translation>Leer: das des ersten Rasters.</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/askmany.py" />
            <source>A table without geometry, a row for each question about each raster.</source>
            <translation>Eine Tabelle ohne Geometrie, eine Zeile für jede Frage zu jedem Raster.</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/askmany.py" />
            <source>There is no raster among the layers. Choose one at least.</source>
            <translation>Unter den Layern ist kein Raster. Wählen Sie mindestens eines.</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/askmany.py" />
            <source>There is no question. Write one on a line, for example: How many ships are there?</source>
            <translation>Es gibt keine Frage. Schreiben Sie je eine in eine Zeile, zum Beispiel: How many ships are there?</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/common.py" />
            <source>Most zooms</source>
            <translation>Höchstzahl der Zooms</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/common.py" />
            <source>How often the model may look closer before it must answer. Empty: as trained. 0: it answers from the overview.</source>
            <translation>Wie oft das Modell näher hinsehen darf, bevor es antworten muss. Leer: wie trainiert. 0: Es antwortet nach der Übersicht.</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/common.py" />
            <source>Resolution of the snapshot (map units per pixel)</source>
            <translation>Auflösung der Momentaufnahme (Karteneinheiten je Pixel)</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/common.py" />
            <source>Only for layers that GDAL can't read, such as XYZ, WMS and WMTS: QGIS takes a snapshot of the place first, at so many map units of the layer's CRS per pixel. The finer, the more the zooms show, and the more is downloaded. Empty: about 4000 pixels a side.</source>
            <translation>Nur für Layer, die GDAL nicht lesen kann, etwa XYZ, WMS und WMTS: QGIS macht zuerst eine Momentaufnahme der Stelle, mit so vielen Karteneinheiten des Layer-KBS je Pixel. Je feiner, desto mehr zeigen die Zooms, und desto mehr wird heruntergeladen. Leer: etwa 4000 Pixel je Seite.</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/common.py" />
            <source>A model's id, such as zoomearth-demo, or its folder: it runs on this machine. Empty: what is chosen in Options &gt; ZoomEarth.</source>
            <translation>Die Kennung eines Modells, etwa zoomearth-demo, oder sein Ordner: Es läuft auf diesem Rechner. Leer: was unter Optionen &gt; ZoomEarth gewählt ist.</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/common.py" />
            <source>Regions of interest</source>
            <translation>Betrachtete Bereiche</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/common.py" />
            <source>What the model looked at, a polygon for each zoom, in the raster's CRS: question, answer, step, label, why it stopped, model, source layer, window in source pixels, scale (source pixels to one shown; 1 is native resolution) and time.</source>
            <translation>Was das Modell angesehen hat, ein Polygon je Zoom, im KBS des Rasters: Frage, Antwort, Schritt, Bezeichnung, warum geendet, Modell, Quelllayer, Fenster in Quellpixeln, Maßstab (Quellpixel je gezeigtem; 1 ist volle Auflösung) und Zeit.</translation>
        </message>
        <message>
            <location filename="../../plugin/processing/common.py" />
            <source>Set it up in QGIS: Settings &gt; Options &gt; ZoomEarth; or name a Python that has the packages as zoomearth/python.</source>
            <translation>Richten Sie es in QGIS ein: Einstellungen &gt; Optionen &gt; ZoomEarth; oder nennen Sie unter zoomearth/python ein Python, das die Pakete hat.</translation>
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
            <source>ZoomEarth's Python environment is not there.</source>
            <translation>Die Python-Umgebung von ZoomEarth ist nicht da.</translation>
        </message>
        <message>
            <location filename="../../plugin/question.py" />
            <source>Are there ships at the northern pier?</source>
            <translation>Are there ships at the northern pier? (am besten auf Englisch)</translation>
        </message>
        <message>
            <location filename="../../plugin/question.py" />
            <source>Ctrl+Enter asks. Up and Down bring back earlier questions.</source>
            <translation>Strg+Eingabe fragt. Pfeil auf und ab holen frühere Fragen zurück.</translation>
        </message>
        <message>
            <location filename="../../plugin/replies.py" />
            <source>Try again later, or at another resolution: a service has only some, and may limit how much it gives.</source>
            <translation>Versuchen Sie es später oder in einer anderen Auflösung: Ein Dienst hat nur manche, und er kann begrenzen, wie viel er gibt.</translation>
        </message>
        <message>
            <location filename="../../plugin/replies.py" />
            <source>Choose a coarser resolution, or a place where the layer can be seen.</source>
            <translation>Wählen Sie eine gröbere Auflösung oder eine Stelle, an der der Layer zu sehen ist.</translation>
        </message>
        <message>
            <location filename="../../plugin/replies.py" />
            <source>{count} pieces of {name} could not be had: {reason}.</source>
            <translation>{count} Stücke von {name} waren nicht zu bekommen: {reason}.</translation>
        </message>
        <message>
            <location filename="../../plugin/replies.py" />
            <source>The service of {name} has nothing at this place and resolution.</source>
            <translation>Der Dienst von {name} hat an dieser Stelle und in dieser Auflösung nichts.</translation>
        </message>
        <message>
            <location filename="../../plugin/replies.py" />
            <source>{kind} came instead of a picture</source>
            <translation>statt eines Bildes kam {kind}</translation>
        </message>
        <message>
            <location filename="../../plugin/report.py" />
            <source>ZoomEarth report</source>
            <translation>ZoomEarth-Bericht</translation>
        </message>
        <message>
            <location filename="../../plugin/report.py" />
            <source>The answers are a model's, and can be wrong. The boxes show where it looked; the pictures are what it was shown.</source>
            <translation>Die Antworten stammen von einem Modell und können falsch sein. Die Rahmen zeigen, wo es hingesehen hat; die Bilder sind, was ihm gezeigt wurde.</translation>
        </message>
        <message>
            <location filename="../../plugin/report.py" />
            <source>There is no answer.</source>
            <translation>Es gibt keine Antwort.</translation>
        </message>
        <message>
            <location filename="../../plugin/report.py" />
            <source>native resolution</source>
            <translation>volle Auflösung</translation>
        </message>
        <message>
            <location filename="../../plugin/report.py" />
            <source>{count} questions, {date}</source>
            <translation>{count} Fragen, {date}</translation>
        </message>
        <message>
            <location filename="../../plugin/report.py" />
            <source>There is nothing to report yet.</source>
            <translation>Es gibt noch nichts zu berichten.</translation>
        </message>
        <message>
            <location filename="../../plugin/report.py" />
            <source>Ask a question first.</source>
            <translation>Stellen Sie zuerst eine Frage.</translation>
        </message>
        <message>
            <location filename="../../plugin/report.py" />
            <source>What the model saw first</source>
            <translation>Was das Modell zuerst sah</translation>
        </message>
        <message>
            <location filename="../../plugin/report.py" />
            <source>columns {left} to {right}, rows {top} to {bottom}</source>
            <translation>Spalten {left} bis {right}, Zeilen {top} bis {bottom}</translation>
        </message>
        <message>
            <location filename="../../plugin/report.py" />
            <source>en</source>
            <translation>de</translation>
        </message>
        <message>
            <location filename="../../plugin/report.py" />
            <source>Failed: {reason}</source>
            <translation>Gescheitert: {reason}</translation>
        </message>
        <message>
            <location filename="../../plugin/report.py" />
            <source>{scale} source pixels to one shown</source>
            <translation>{scale} Quellpixel je gezeigtem</translation>
        </message>
        <message>
            <location filename="../../plugin/report.py" />
            <source>What the model wrote on the way</source>
            <translation>Was das Modell unterwegs schrieb</translation>
        </message>
        <message>
            <location filename="../../plugin/report.py" />
            <source>Confidence {value}, not calibrated: a ranking, not a chance.</source>
            <translation>Konfidenz {value}, nicht kalibriert: eine Rangfolge, keine Wahrscheinlichkeit.</translation>
        </message>
        <message>
            <location filename="../../plugin/report_pdf.py" />
            <source>{page} of {count}</source>
            <translation>{page} von {count}</translation>
        </message>
        <message>
            <location filename="../../plugin/report_pdf.py" />
            <source>{path} can't be written.</source>
            <translation>{path} kann nicht geschrieben werden.</translation>
        </message>
        <message>
            <location filename="../../plugin/scope.py" />
            <source>No polygon is selected.</source>
            <translation>Es ist kein Polygon gewählt.</translation>
        </message>
        <message>
            <location filename="../../plugin/scope.py" />
            <source>Select polygons on the map first, in any vector layer.</source>
            <translation>Wählen Sie zuerst Polygone auf der Karte, in einem beliebigen Vektorlayer.</translation>
        </message>
        <message>
            <location filename="../../plugin/scope.py" />
            <source>Select other polygons.</source>
            <translation>Wählen Sie andere Polygone aus.</translation>
        </message>
        <message>
            <location filename="../../plugin/scope.py" />
            <source>Move the map or draw the rectangle where the layer is.</source>
            <translation>Verschieben Sie die Karte, oder zeichnen Sie das Rechteck dort, wo der Layer liegt.</translation>
        </message>
        <message>
            <location filename="../../plugin/scope.py" />
            <source>feature {id} of {layer}</source>
            <translation>Objekt {id} aus {layer}</translation>
        </message>
        <message>
            <location filename="../../plugin/scope.py" />
            <source>The {place} lies outside the layer {layer}.</source>
            <translation>Außerhalb des Layers {layer} liegt: {place}.</translation>
        </message>
        <message>
            <location filename="../../plugin/scope.py" />
            <source>What is selected in {layer} has no geometry.</source>
            <translation>Was in {layer} ausgewählt ist, hat keine Geometrie.</translation>
        </message>
        <message>
            <location filename="../../plugin/scope.py" />
            <source>Choose one nearer to the layer.</source>
            <translation>Wählen Sie eine näher am Layer.</translation>
        </message>
        <message>
            <location filename="../../plugin/scope.py" />
            <source>The place can't be found in the coordinates of {layer}: {reason}.</source>
            <translation>Die Stelle ist in den Koordinaten von {layer} nicht zu finden: {reason}.</translation>
        </message>
        <message>
            <location filename="../../plugin/session.py" />
            <source>The layer was removed.</source>
            <translation>Der Layer wurde entfernt.</translation>
        </message>
        <message>
            <location filename="../../plugin/session.py" />
            <source>Add it again and ask again.</source>
            <translation>Fügen Sie ihn wieder hinzu und fragen Sie erneut.</translation>
        </message>
        <message>
            <location filename="../../plugin/snapshot.py" />
            <source>The snapshot of {name} would have {columns} x {rows} pixels; {limit} million are the most.</source>
            <translation>Die Momentaufnahme von {name} hätte {columns} x {rows} Pixel; {limit} Millionen sind das Höchste.</translation>
        </message>
        <message>
            <location filename="../../plugin/snapshot.py" />
            <source>A resolution of {fitting} map units per pixel would do, or a smaller place.</source>
            <translation>Eine Auflösung von {fitting} Karteneinheiten je Pixel ginge, oder ein kleinerer Ausschnitt.</translation>
        </message>
        <message>
            <location filename="../../plugin/snapshot.py" />
            <source>See whether QGIS draws the layer at this place, and what the log messages panel says.</source>
            <translation>Sehen Sie nach, ob QGIS den Layer an dieser Stelle zeichnet und was im Protokollfenster steht.</translation>
        </message>
        <message>
            <location filename="../../plugin/snapshot.py" />
            <source>Choose one that the layer covers, or see whether the layer can be drawn at all.</source>
            <translation>Wählen Sie eine, die der Layer abdeckt, oder sehen Sie nach, ob der Layer überhaupt gezeichnet werden kann.</translation>
        </message>
        <message>
            <location filename="../../plugin/snapshot.py" />
            <source>See that the disk has room and the temporary folder can be written to.</source>
            <translation>Stellen Sie sicher, dass auf dem Datenträger Platz ist und der temporäre Ordner beschrieben werden kann.</translation>
        </message>
        <message>
            <location filename="../../plugin/snapshot.py" />
            <source>Nothing of {name} came: the snapshot is empty.</source>
            <translation>Von {name} kam nichts: Die Momentaufnahme ist leer.</translation>
        </message>
        <message>
            <location filename="../../plugin/snapshot.py" />
            <source>The chosen place lies outside the layer {name}.</source>
            <translation>Die gewählte Stelle liegt außerhalb des Layers {name}.</translation>
        </message>
        <message>
            <location filename="../../plugin/snapshot.py" />
            <source>The snapshot of {name} can't be written to {path}.</source>
            <translation>Die Momentaufnahme von {name} kann nicht nach {path} geschrieben werden.</translation>
        </message>
        <message>
            <location filename="../../plugin/snapshot.py" />
            <source>Snapshot of {name}</source>
            <translation>Momentaufnahme von {name}</translation>
        </message>
        <message>
            <location filename="../../plugin/snapshot.py" />
            <source>Please report it.</source>
            <translation>Bitte melden Sie das.</translation>
        </message>
        <message>
            <location filename="../../plugin/store.py" />
            <source>See that the disk has room and the folder can be written to, or save the project elsewhere.</source>
            <translation>Stellen Sie sicher, dass Platz ist und der Ordner beschrieben werden kann, oder speichern Sie das Projekt anderswo.</translation>
        </message>
        <message>
            <location filename="../../plugin/store.py" />
            <source>the file is gone</source>
            <translation>die Datei ist verschwunden</translation>
        </message>
        <message>
            <location filename="../../plugin/store.py" />
            <source>The results can't be written to {path}: {reason}.</source>
            <translation>Die Ergebnisse können nicht nach {path} geschrieben werden: {reason}.</translation>
        </message>
        <message>
            <location filename="../../plugin/transcript.py" />
            <source>Questions and answers</source>
            <translation>Fragen und Antworten</translation>
        </message>
        <message>
            <location filename="../../plugin/transcript.py" />
            <source>Choose a raster layer, ask a question, and see where the answer was read.</source>
            <translation>Wählen Sie einen Rasterlayer, stellen Sie eine Frage und sehen Sie, wo die Antwort abgelesen wurde.</translation>
        </message>
        <message>
            <location filename="../../plugin/transcript.py" />
            <source>Show earlier questions</source>
            <translation>Frühere Fragen zeigen</translation>
        </message>
        <message>
            <location filename="../../plugin/widgets.py" />
            <source>{path} exists already. Replace it?</source>
            <translation>{path} gibt es schon. Ersetzen?</translation>
        </message>
        <message>
            <location filename="../../core/config.py" />
            <source>a model's id (`zoomearth models` lists them) or a checkpoint folder; with a server: how to ask it</source>
            <translation>die Kennung eines Modells (`zoomearth models` zählt sie auf) oder ein Ordner mit Gewichten; bei einem Server: wie gefragt wird</translation>
        </message>
        <message>
            <location filename="../../core/config.py" />
            <source>Server</source>
            <translation>Server</translation>
        </message>
        <message>
            <location filename="../../core/config.py" />
            <source>URL of an OpenAI-compatible server that runs the model instead of this machine</source>
            <translation>URL eines OpenAI-kompatiblen Servers, der das Modell anstelle dieses Rechners ausführt</translation>
        </message>
        <message>
            <location filename="../../core/config.py" />
            <source>Model on the server</source>
            <translation>Modell auf dem Server</translation>
        </message>
        <message>
            <location filename="../../core/config.py" />
            <source>the model's name on that server</source>
            <translation>der Name des Modells auf diesem Server</translation>
        </message>
        <message>
            <location filename="../../core/config.py" />
            <source>Device</source>
            <translation>Gerät</translation>
        </message>
        <message>
            <location filename="../../core/config.py" />
            <source>where the model runs</source>
            <translation>wo das Modell läuft</translation>
        </message>
        <message>
            <location filename="../../core/config.py" />
            <source>Number format</source>
            <translation>Zahlenformat</translation>
        </message>
        <message>
            <location filename="../../core/config.py" />
            <source>of the weights</source>
            <translation>der Gewichte</translation>
        </message>
        <message>
            <location filename="../../core/config.py" />
            <source>Weight compression</source>
            <translation>Kompression der Gewichte</translation>
        </message>
        <message>
            <location filename="../../core/config.py" />
            <source>int8 halves the memory on CUDA cards</source>
            <translation>int8 halbiert den Speicherbedarf auf CUDA-Karten</translation>
        </message>
        <message>
            <location filename="../../core/config.py" />
            <source>Prompt file</source>
            <translation>Prompt-Datei</translation>
        </message>
        <message>
            <location filename="../../core/config.py" />
            <source>a text file whose instruction takes the place of the model's own</source>
            <translation>eine Textdatei, deren Anweisung an die Stelle der des Modells tritt</translation>
        </message>
    </context>
</TS>
