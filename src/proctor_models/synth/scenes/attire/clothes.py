"""Tops, trousers and shoes in Blender. Needs `bpy`; the shapes come from `cloth_shapes` and `collars`."""

from __future__ import annotations

from typing import Any

import numpy as np

from proctor_models.synth.scenes import blend
from proctor_models.synth.scenes.attire.cloth_mesh import Mask
from proctor_models.synth.scenes.attire.cloth_shapes import (
    BodyFit,
    Cloth,
    Cut,
    Neck,
    covered,
    drape,
    make_cloth,
    shoe_faces,
    texture_coordinates,
    top_faces,
    trouser_faces,
)
from proctor_models.synth.scenes.attire.collars import (
    chest_print,
    cords,
    crew_band,
    high_collar,
    hood_down,
    placket,
    shirt_collar,
)
from proctor_models.synth.scenes.attire.patterns import TILE_M, Pattern, print_picture, second_colour, tile
from proctor_models.synth.scenes.bodies.figure import Figure
from proctor_models.synth.scenes.plans.spec import PersonSpec

SALT = 21
TROUSERS: tuple[blend.Rgb, ...] = (
    (0.035, 0.055, 0.11), (0.012, 0.013, 0.016), (0.10, 0.105, 0.11), (0.30, 0.24, 0.17), (0.02, 0.028, 0.05),
    (0.055, 0.045, 0.035),
)  # fmt: skip


def cut_of(spec: PersonSpec) -> Cut:
    """How the person's top is cut."""
    rng = np.random.default_rng([spec.seed, SALT])
    female = spec.sex == "female"
    loose, folds = float(rng.uniform(0.006, 0.013)), float(rng.uniform(0.003, 0.006))
    neck: Neck = "crew"
    if spec.top == "t_shirt":
        neck = "v" if rng.random() < 0.2 else "scoop" if female and rng.random() < 0.3 else "crew"
        return Cut(float(rng.uniform(0.30, 0.44)), neck, loose, folds)
    if spec.top == "long_sleeve":
        neck = "high" if rng.random() < 0.2 else "v" if rng.random() < 0.2 else "crew"
        return Cut(1.0, neck, loose, folds, 0.0032)
    if spec.top == "shirt":
        return Cut(0.42 if rng.random() < 0.25 else 1.0, "shirt", loose + 0.003, folds, 0.0022)
    if spec.top == "hoodie":
        return Cut(1.0, "crew", loose + 0.010, folds * 1.3, 0.005)
    neck = "v" if rng.random() < 0.5 else "scoop"
    return Cut(float(rng.choice([0.45, 0.72, 1.0])), neck, loose + 0.003, folds * 1.2, 0.0018)


def covered_faces(figure: Figure) -> Mask:
    """Which faces of the base mesh are skin that clothes hide; (faces,) bool. Needs no Blender scene."""
    return covered(BodyFit(figure), cut_of(figure.spec))


def add_clothes(figure: Figure) -> list[blend.Tagged]:
    """Top with collar, trousers and shoes: one Tagged."""
    fit, spec = BodyFit(figure), figure.spec
    rng = np.random.default_rng([spec.seed, SALT + 1])
    cut = cut_of(spec)
    cloth = drape(fit, make_cloth(fit, top_faces(fit, cut), cut.loose, cut.folds, spec.seed, cut.neck))
    pattern = _pattern(spec, rng)
    dyed = _dyed(figure, pattern, rng)
    top = _sew(fit, "top", cloth, dyed, cut.thickness)
    objects = [top, *_trimmings(fit, cut, cloth, dyed, pattern, rng)]
    trousers = make_cloth(fit, trouser_faces(fit), 0.004, 0.003, spec.seed + 1)
    legs = blend.material(f"{figure.name}.trousers", TROUSERS[int(rng.integers(len(TROUSERS)))], 0.9, bump=(300, 0.2))
    shoes = make_cloth(fit, shoe_faces(fit), 0.007, 0.0, spec.seed)
    grey = float(rng.choice([0.015, 0.03, 0.5]))
    leather = blend.material(f"{figure.name}.shoes", (grey, grey, grey), 0.5)
    objects += [_sew(fit, "trousers", trousers, legs, 0.003), _sew(fit, "shoes", shoes, leather, 0.004)]
    figure.objects["clothes"] = objects
    return [blend.Tagged("clothes", objects, {"top": spec.top, "pattern": pattern})]


def _pattern(spec: PersonSpec, rng: np.random.Generator) -> Pattern:
    kinds: tuple[Pattern, ...] = ("plain", "stripes", "thin_stripes", "upright", "check", "gingham", "dots", "melange")
    share = {
        "t_shirt": (0.62, 0.12, 0.06, 0, 0, 0, 0.02, 0.18), "long_sleeve": (0.5, 0.15, 0.1, 0, 0, 0, 0.02, 0.23),
        "shirt": (0.42, 0, 0, 0.18, 0.25, 0.12, 0.03, 0), "hoodie": (0.6, 0.02, 0, 0, 0, 0, 0, 0.38),
        "blouse": (0.5, 0.06, 0.08, 0.08, 0.04, 0.04, 0.2, 0),
    }[spec.top]  # fmt: skip
    return kinds[int(rng.choice(len(kinds), p=np.array(share) / sum(share)))]


def _dyed(figure: Figure, pattern: Pattern, rng: np.random.Generator) -> Any:
    """The top's material: its pattern in metres of cloth, with fine wrinkles as bumps."""
    colour = figure.spec.top_colour
    picture = blend.image(f"{figure.name}.cloth", tile(pattern, colour, second_colour(colour, rng), rng))
    made = blend.material(f"{figure.name}.cloth", colour, 0.88, image=picture, sheen=0.12, bump=(22, 0.55))
    nodes, links = made.node_tree.nodes, made.node_tree.links
    texture = next(node for node in nodes if node.type == "TEX_IMAGE")
    where, scale = nodes.new("ShaderNodeTexCoord"), nodes.new("ShaderNodeMapping")
    scale.inputs["Scale"].default_value = (1 / TILE_M, 1 / TILE_M, 1)
    links.new(where.outputs["UV"], scale.inputs["Vector"])
    links.new(scale.outputs["Vector"], texture.inputs["Vector"])
    return made


def _sew(fit: BodyFit, name: str, cloth: Cloth, material: Any, thickness: float) -> Any:
    uv = texture_coordinates(fit, cloth)
    made = blend.mesh(f"{fit.figure.name}.{name}", cloth.points, cloth.faces, material, uv)
    thick = made.modifiers.new("thickness", "SOLIDIFY")
    thick.thickness, thick.offset = thickness, 1
    fine = made.modifiers.new("subdivide", "SUBSURF")
    fine.levels = fine.render_levels = 1
    return made


def _trimmings(
    fit: BodyFit, cut: Cut, cloth: Cloth, dyed: Any, pattern: Pattern, rng: np.random.Generator
) -> list[Any]:
    """Collar, buttons, hood, cords and print of the top."""
    figure, spec = fit.figure, fit.figure.spec
    plain = blend.material(f"{figure.name}.trim", spec.top_colour, 0.88, sheen=0.1)
    plain = dyed if pattern in ("plain", "melange") else plain
    made: list[tuple[str, tuple[Any, Any], Any, float]] = []
    if spec.top == "shirt":
        made.append(("collar", shirt_collar(fit, float(rng.uniform(0.9, 1.15))), dyed, 0.0022))
        strip, buttons = placket(fit, cloth)
        bright = float(rng.choice([0.02, 0.7]))
        horn = blend.material(f"{figure.name}.button", (bright, bright, 0.95 * bright), 0.3)
        made += [("placket", strip, plain, 0.001)] + [("button", button, horn, 0.0) for button in buttons]
    elif spec.top == "hoodie":
        if spec.headwear not in ("hood", "headscarf"):
            made.append(("hood", hood_down(fit, spec.seed), plain, 0.003))
        if spec.headwear != "headscarf":
            light = blend.material(f"{figure.name}.cord", second_colour(spec.top_colour, rng), 0.8)
            made += [("cord", cord, light, 0.0) for cord in cords(fit, cloth, rng)]
    elif cut.neck == "high":
        made.append(("collar", high_collar(fit, float(rng.uniform(0.035, 0.06))), plain, 0.003))
    else:
        made.append(("collar", crew_band(fit, cut.neck, float(rng.uniform(0.010, 0.020))), plain, 0.0022))
    if spec.top in ("t_shirt", "hoodie", "long_sleeve") and pattern in ("plain", "melange") and rng.random() < 0.38:
        size = (float(rng.uniform(0.10, 0.24)), float(rng.uniform(0.07, 0.18)))
        points, faces, uv = chest_print(fit, cloth, size)
        picture = blend.image(f"{figure.name}.print", print_picture(spec.top_colour, rng))
        ink = blend.material(f"{figure.name}.print", spec.top_colour, 0.8, image=picture)
        figure.objects["print"] = [blend.mesh(f"{figure.name}.print", fit.to_world(points), faces, ink, uv)]
    objects = [_trim(fit, name, part, material, thickness) for name, part, material, thickness in made]
    return objects + figure.objects.pop("print", [])


def _trim(fit: BodyFit, name: str, part: tuple[Any, Any], material: Any, thickness: float) -> Any:
    points, faces = part
    made = blend.mesh(f"{fit.figure.name}.{name}", fit.to_world(points), faces, material)
    if thickness:
        thick = made.modifiers.new("thickness", "SOLIDIFY")
        thick.thickness, thick.offset = thickness, 0
        fine = made.modifiers.new("subdivide", "SUBSURF")
        fine.levels = fine.render_levels = 1
    return made
