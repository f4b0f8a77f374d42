<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>
<!-- Boxes of a label file: objects cyan, regions orange, within a dark casing, as in rois.qml; no fill. The label stands at the upper left corner.
     Written by hand, for QGIS 3.22 and later. -->
<qgis version="3.22.0" styleCategories="Symbology|Labeling" labelsEnabled="1">
  <renderer-v2 type="singleSymbol" enableorderby="0" symbollevels="0" forceraster="0" referencescale="-1">
    <symbols>
      <symbol name="0" type="fill" alpha="1" clip_to_extent="1" force_rhr="0">
        <layer class="SimpleLine" enabled="1" locked="0" pass="0">
          <Option type="Map">
            <Option name="line_color" type="QString" value="20,20,20,255"/>
            <Option name="line_style" type="QString" value="solid"/>
            <Option name="line_width" type="QString" value="1.2"/>
            <Option name="line_width_unit" type="QString" value="MM"/>
            <Option name="joinstyle" type="QString" value="miter"/>
          </Option>
        </layer>
        <layer class="SimpleLine" enabled="1" locked="0" pass="0">
          <Option type="Map">
            <Option name="line_color" type="QString" value="0,229,255,255"/>
            <Option name="line_style" type="QString" value="solid"/>
            <Option name="line_width" type="QString" value="0.6"/>
            <Option name="line_width_unit" type="QString" value="MM"/>
            <Option name="joinstyle" type="QString" value="miter"/>
          </Option>
          <data_defined_properties>
            <Option type="Map">
              <Option name="name" type="QString" value=""/>
              <Option name="properties" type="Map">
                <Option name="outlineColor" type="Map">
                  <Option name="active" type="bool" value="true"/>
                  <Option name="expression" type="QString" value="if(&quot;level&quot; = 'region', '#ff9640', '#00e5ff')"/>
                  <Option name="type" type="int" value="3"/>
                </Option>
              </Option>
              <Option name="type" type="QString" value="collection"/>
            </Option>
          </data_defined_properties>
        </layer>
        <layer class="CentroidFill" enabled="1" locked="0" pass="0">
          <Option type="Map">
            <Option name="point_on_all_parts" type="QString" value="0"/>
            <Option name="point_on_surface" type="QString" value="0"/>
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
          <symbol name="@0@2" type="marker" alpha="1" clip_to_extent="1" force_rhr="0">
            <layer class="SimpleMarker" enabled="1" locked="0" pass="0">
              <Option type="Map">
                <Option name="name" type="QString" value="circle"/>
                <Option name="color" type="QString" value="0,229,255,255"/>
                <Option name="outline_color" type="QString" value="20,20,20,255"/>
                <Option name="outline_style" type="QString" value="solid"/>
                <Option name="outline_width" type="QString" value="0.4"/>
                <Option name="outline_width_unit" type="QString" value="MM"/>
                <Option name="size" type="QString" value="2.8"/>
                <Option name="size_unit" type="QString" value="MM"/>
              </Option>
              <data_defined_properties>
                <Option type="Map">
                  <Option name="name" type="QString" value=""/>
                  <Option name="properties" type="Map">
                    <Option name="fillColor" type="Map">
                      <Option name="active" type="bool" value="true"/>
                      <Option name="expression" type="QString" value="if(&quot;level&quot; = 'region', '#ff9640', '#00e5ff')"/>
                      <Option name="type" type="int" value="3"/>
                    </Option>
                  </Option>
                  <Option name="type" type="QString" value="collection"/>
                </Option>
              </data_defined_properties>
            </layer>
          </symbol>
        </layer>
      </symbol>
    </symbols>
  </renderer-v2>
  <labeling type="simple">
    <settings>
      <text-style fieldName="&quot;label&quot;" isExpression="1" fontFamily="Open Sans" namedStyle="SemiBold" fontWeight="63" fontSize="9" fontSizeUnit="Point" textColor="255,255,255,255" textOpacity="1" multilineHeight="1">
        <text-buffer bufferDraw="1" bufferSize="0.9" bufferSizeUnits="MM" bufferColor="20,20,20,255" bufferOpacity="1" bufferNoFill="1" bufferJoinStyle="128" bufferBlendMode="0"/>
      </text-style>
      <text-format autoWrapLength="40" useMaxLineLengthForAutoWrap="1" wrapChar="" multilineAlign="0"/>
      <placement placement="1" quadOffset="2" geometryGeneratorEnabled="1" geometryGeneratorType="PointGeometry" geometryGenerator="with_variable('d', array_foreach(generate_series(1, 4), x(point_n($geometry, @element)) - y(point_n($geometry, @element))), point_n($geometry, array_find(@d, array_min(@d)) + 1))" xOffset="0.2" yOffset="0" offsetUnits="MM" priority="8"/>
      <rendering drawLabels="1" displayAll="0" obstacle="0" scaleVisibility="0" upsidedownLabels="0"/>
      <dd_properties>
        <Option type="Map">
          <Option name="name" type="QString" value=""/>
          <Option name="properties" type="Map">
            <Option name="Show" type="Map">
              <Option name="active" type="bool" value="true"/>
              <Option name="expression" type="QString" value="not with_variable('box', coalesce(transform($geometry, @layer_crs, @map_crs), $geometry), coalesce(max(bounds_width(@box), bounds_height(@box)) &lt; 0.02 * @map_extent_width, false))"/>
              <Option name="type" type="int" value="3"/>
            </Option>
            <Option name="OffsetQuad" type="Map">
              <Option name="active" type="bool" value="true"/>
              <Option name="expression" type="QString" value="2"/>
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
