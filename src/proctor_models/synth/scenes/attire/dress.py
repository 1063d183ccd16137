"""Everything that a person wears, from their spec, fitted to the posed figure. Needs `bpy`."""

from __future__ import annotations

from proctor_models.synth.scenes.attire import accessories, clothes, earphones, hair, headwear, masks
from proctor_models.synth.scenes.attire.fitting import HeadFit
from proctor_models.synth.scenes.blend import Tagged
from proctor_models.synth.scenes.bodies.figure import Figure


def dress(figure: Figure) -> list[Tagged]:
    """Hair, clothes and whatever else the figure's spec asks for, as objects in the world.

    Labels: ``hair``, ``clothes``, ``hat`` (attribute kind: cap, beanie or hood), ``headscarf``, ``mask`` (kind, place),
    ``earphone`` (kind ``earbud``, one for each ear, or ``headphone``; worn True), ``earphone_cable``, ``glasses``,
    ``earring`` and ``hair_clip``.
    """
    fit = HeadFit(figure)
    rim = headwear.rim_of(fit)
    made: list[Tagged | None] = [hair.add_hair(fit, rim, earphones.cups_of(fit))]
    made += clothes.add_clothes(figure)
    made += [headwear.add_headwear(fit), masks.add_mask(fit), *earphones.add_earphones(fit)]
    made += accessories.add_accessories(fit)
    return [tagged for tagged in made if tagged is not None]
