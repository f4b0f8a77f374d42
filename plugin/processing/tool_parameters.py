"""The parameters of a tool's algorithm, made from the tool's description, and their help."""

from __future__ import annotations

from qgis.core import (
    QgsProcessingParameterColor,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterEnum,
    QgsProcessingParameterNumber,
)

from ...core.tools import CHOICE, COLOR, Parameter, Tool, label
from ..i18n import tr


def definition_of(parameter: Parameter) -> QgsProcessingParameterDefinition:
    """The parameter of an algorithm for a parameter of a tool."""
    name, words = parameter.name.upper(), tr(label(parameter.name))
    optional = parameter.default is None and parameter.kind != CHOICE
    if parameter.kind == CHOICE:
        definition = QgsProcessingParameterEnum(name, words, list(parameter.choices), False, parameter.default, optional, True)
    elif parameter.kind == COLOR:
        definition = QgsProcessingParameterColor(name, words, parameter.default, False, optional)
    else:
        number = QgsProcessingParameterNumber
        low, high = parameter.low, parameter.high
        definition = number(name, words, number.Type.Double, parameter.default, optional, low, high)
    text = tr(parameter.help)
    unit = f" ({tr(parameter.unit)})" if parameter.unit else ""
    definition.setHelp(f"{text[:1].upper()}{text[1:]}{unit}.")
    return definition


def about_mask(tool: Tool) -> str:
    """The help of the mask."""
    if tool.name == "cloud-removal":
        return tr(
            "Where the clouds are. Empty: where it is brighter than the images of other dates let expect, which takes new snow and new "
            "roofs for clouds and misses thin ones."
        )
    return tr("Where to edit. Empty: the whole area.")


def about(tool: Tool) -> str:
    """What to know about a tool, beside what it does."""
    texts = {
        "segmentation": tr(
            "<p>Each area must hold one object: a box around a lake, a roof, a field. It is compared with its surroundings. Where "
            "nothing tells the object from its surroundings, the outline is the area itself, with a score of 0.1.</p>"
        ),
        "denoising": tr(
            "<p>Grain is removed by a filter in the frequency domain (DCT, Wiener) that keeps edges; single wrong pixels take the median "
            "of their neighbours; stripes of a scanner are levelled. Memory does not grow with the size of the area.</p>"
        ),
        "cloud-removal": tr(
            "<p>Pixels under the clouds are estimated from images of other dates, fitted to the clear pixels of this image and drawn to "
            "the rim of the clouds. Outside of the clouds no pixel changes. What no other image shows stays cloud. The result shows pixels "
            "that were not observed: it is synthetic.</p>"
        ),
        "editing": tr(
            "<p>remove fills from the rim, recolour gives a colour, brighten, contrast, equalise and sharpen change the tones, blur and "
            "pixelate hide, paste takes the pixels of another image. Outside of the mask no pixel changes. The result is synthetic.</p>"
        ),
    }
    return texts[tool.name]
