<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>
<!-- The places that were asked about, in the colour of the answer within a dark casing; plugin/exchanges/answer_colors.py makes the categories of this symbol.
     A place of less than half the map's width is tinted, of less than a fiftieth it is a dot without a label; of labels that would overlap, one is drawn,
     and of answers about the same place, the newest one's (plugin/exchanges/answer_labels.py).
     Written by hand, for QGIS 3.22 and later. -->
<qgis version="3.22.0" styleCategories="Symbology|Labeling" labelsEnabled="1">
  <renderer-v2 type="singleSymbol" enableorderby="0" symbollevels="0" forceraster="0" referencescale="-1">
    <symbols>
      <symbol name="0" type="fill" alpha="1" clip_to_extent="1" force_rhr="0">
        <layer class="SimpleFill" enabled="1" locked="0" pass="0">
          <Option type="Map">
            <Option name="color" type="QString" value="255,255,255,255"/>
            <Option name="style" type="QString" value="solid"/>
            <Option name="outline_style" type="QString" value="no"/>
          </Option>
          <data_defined_properties>
            <Option type="Map">
              <Option name="name" type="QString" value=""/>
              <Option name="properties" type="Map">
                <Option name="fillColor" type="Map">
                  <Option name="active" type="bool" value="true"/>
                  <Option name="expression" type="QString" value="set_color_part(@symbol_color, 'alpha', if(with_variable('box', coalesce(transform($geometry, @layer_crs, @map_crs), $geometry), coalesce(max(bounds_width(@box), bounds_height(@box)) &lt; 0.5 * @map_extent_width, false)), 60, 0))"/>
                  <Option name="type" type="int" value="3"/>
                </Option>
              </Option>
              <Option name="type" type="QString" value="collection"/>
            </Option>
          </data_defined_properties>
        </layer>
        <layer class="SimpleLine" enabled="1" locked="1" pass="0">
          <Option type="Map">
            <Option name="line_color" type="QString" value="20,20,20,255"/>
            <Option name="line_style" type="QString" value="solid"/>
            <Option name="line_width" type="QString" value="1.1"/>
            <Option name="line_width_unit" type="QString" value="MM"/>
            <Option name="joinstyle" type="QString" value="miter"/>
          </Option>
        </layer>
        <layer class="SimpleLine" enabled="1" locked="0" pass="0">
          <Option type="Map">
            <Option name="line_color" type="QString" value="255,255,255,255"/>
            <Option name="line_style" type="QString" value="solid"/>
            <Option name="line_width" type="QString" value="0.6"/>
            <Option name="line_width_unit" type="QString" value="MM"/>
            <Option name="joinstyle" type="QString" value="miter"/>
          </Option>
        </layer>
        <layer class="CentroidFill" enabled="1" locked="0" pass="0">
          <Option type="Map">
            <Option name="point_on_all_parts" type="QString" value="0"/>
            <Option name="point_on_surface" type="QString" value="1"/>
          </Option>
          <data_defined_properties>
            <Option type="Map">
              <Option name="name" type="QString" value=""/>
              <Option name="properties" type="Map">
                <Option name="enabled" type="Map">
                  <Option name="active" type="bool" value="true"/>
                  <Option name="expression" type="QString" value="with_variable('box', coalesce(transform($geometry, @layer_crs, @map_crs), $geometry), coalesce(max(bounds_width(@box), bounds_height(@box)) &lt; 0.02 * @map_extent_width, false))"/>
                  <Option name="type" type="int" value="3"/>
                </Option>
              </Option>
              <Option name="type" type="QString" value="collection"/>
            </Option>
          </data_defined_properties>
          <symbol name="@0@3" type="marker" alpha="1" clip_to_extent="1" force_rhr="0">
            <layer class="SimpleMarker" enabled="1" locked="0" pass="0">
              <Option type="Map">
                <Option name="name" type="QString" value="circle"/>
                <Option name="color" type="QString" value="255,255,255,255"/>
                <Option name="outline_color" type="QString" value="20,20,20,255"/>
                <Option name="outline_style" type="QString" value="solid"/>
                <Option name="outline_width" type="QString" value="0.4"/>
                <Option name="outline_width_unit" type="QString" value="MM"/>
                <Option name="size" type="QString" value="2.8"/>
                <Option name="size_unit" type="QString" value="MM"/>
              </Option>
            </layer>
          </symbol>
        </layer>
      </symbol>
    </symbols>
  </renderer-v2>
  <labeling type="simple">
    <settings>
      <text-style fieldName="with_variable('answer', coalesce(&quot;checked&quot;, &quot;answer&quot;), with_variable('older', coalesce(map_get(json_to_map(coalesce(@zoomearth_older, '{}')), &quot;exchange&quot;), 0), if(length(@answer) &gt; 60, left(@answer, 60) || '…', @answer) || if(@older &gt; 0, ' (+' || @older || ')', '')))" isExpression="1" fontFamily="Open Sans" namedStyle="SemiBold" fontWeight="63" fontSize="9" fontSizeUnit="Point" textColor="255,255,255,255" textOpacity="1" multilineHeight="1">
        <text-buffer bufferDraw="1" bufferSize="0.9" bufferSizeUnits="MM" bufferColor="20,20,20,255" bufferOpacity="1" bufferNoFill="1" bufferJoinStyle="128" bufferBlendMode="0"/>
      </text-style>
      <text-format autoWrapLength="30" useMaxLineLengthForAutoWrap="1" wrapChar="" multilineAlign="1"/>
      <placement placement="4" priority="8" fitInPolygonOnly="0" centroidWhole="0" centroidInside="1"/>
      <rendering drawLabels="1" displayAll="0" obstacle="0" scaleVisibility="0" upsidedownLabels="0"/>
      <dd_properties>
        <Option type="Map">
          <Option name="name" type="QString" value=""/>
          <Option name="properties" type="Map">
            <Option name="Show" type="Map">
              <Option name="active" type="bool" value="true"/>
              <Option name="expression" type="QString" value="coalesce(map_get(json_to_map(coalesce(@zoomearth_older, '{}')), &quot;exchange&quot;), 0) &gt;= 0 and not with_variable('box', coalesce(transform($geometry, @layer_crs, @map_crs), $geometry), coalesce(max(bounds_width(@box), bounds_height(@box)) &lt; 0.02 * @map_extent_width, false))"/>
              <Option name="type" type="int" value="3"/>
            </Option>
          </Option>
          <Option name="type" type="QString" value="collection"/>
        </Option>
      </dd_properties>
    </settings>
  </labeling>
  <layerGeometryType>2</layerGeometryType>
</qgis>
