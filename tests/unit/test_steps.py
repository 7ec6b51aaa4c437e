"""What a recipe of steps says of itself: order, forms, depth, text and errors."""

from __future__ import annotations

import numpy as np
import pytest

import imgconv
from imgconv import Depth, Form, Reach, Recipe, filter_image, load_kernel, load_step
from imgconv.io.config.recipes import format_recipe, read_recipe, recipe_from
from imgconv.model.errors import ArgumentError, KernelError, RecipeError, UnknownKernelError
from imgconv.model.kernel import as_kernel
from imgconv.model.output import OutputRange
from imgconv.model.steps.registry import KINDS, function_of, kind_of, load_home

ROW = np.array([[0, 0, 100, 100, 250, 250]], np.uint8)


def planned(image, **options):
    plan = recipe_from(options).planned(image)
    return [(p.step.name, p.settings.depth, p.settings.output_range) for p in plan.steps]


@pytest.mark.parametrize(
    ("spec", "read_back"),
    [
        ("gray", "gray"),
        ("gray:bt601", "gray"),
        ("gray:method=bt709", "gray:bt709"),
        (" invert ", "invert"),
        ("binarize", "binarize:otsu"),
        ("binarize:128", "binarize:128"),
        ("binarize:sauvola:window=31", "binarize:sauvola:window=31"),
        ("linear", "linear"),
        ("encode", "encode"),
        ("convert", "convert"),
        ("gaussian:1.4", "gaussian:sigma=1.4"),
        ("1 2; 3 4", "1 2; 3 4"),
        ("sobel:output=index", "sobel:output=index"),
    ],
)
def test_a_spec_is_read_back(spec, read_back):
    step = load_step(spec)
    assert step.spec == read_back
    assert load_step(read_back) == step


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("gray:pink", "no method is called 'pink'"),
        ("gray:bt601,bt709", "gray has no option 'bt709'"),
        ("gray:bt601,method=bt709", "method is given twice"),
        ("invert:2", "invert has no option '2'"),
        ("binarize:best", "no threshold method is called 'best'"),
        ("binarize:otsu:window=3", "takes no parameter"),
    ],
)
def test_a_wrong_option_is_named_with_its_spec(spec, words):
    with pytest.raises(KernelError, match=f"^'{spec}': .*{words}"):
        load_step(spec)


def test_a_name_that_is_nearly_a_step():
    with pytest.raises(UnknownKernelError) as found:
        load_step("grey")
    assert "gray" in found.value.hint


def test_what_must_be_a_kernel_says_what_it_is():
    with pytest.raises(KernelError, match="'gray' is a step without weights, not a kernel"):
        load_kernel("gray")
    with pytest.raises(KernelError, match="'sobel' is a set of kernels") as found:
        as_kernel(load_step("sobel"))
    assert found.value.hint == "take one of them: sobel_x, sobel_y"
    with pytest.raises(KernelError, match="made of single ones"):
        load_kernel("2*sobel")


def test_depth_and_range_are_applied_where_sums_are_made():
    """The wide depth from the first sum on, the range at the last, and nothing at other steps."""
    wide = {"depth": "i16", "range": "abs"}
    steps = ["gray", "sobel_x", "invert", "blur", "binarize:otsu"]
    saturate = OutputRange.SATURATE
    assert planned(Form(Depth.U8, 3), steps=steps, **wide) == [
        ("gray", None, saturate),
        ("sobel_x", Depth.I16, saturate),
        ("invert", None, saturate),
        ("blur", Depth.I16, OutputRange.ABS),
        ("binarize:otsu", None, saturate),
    ]
    narrow = planned(Form(Depth.U16), steps=["blur", "invert", "blur", "invert"], depth="u8")
    assert [depth for _, depth, _ in narrow] == [Depth.U16, None, Depth.U8, None]


def test_forms_go_from_step_to_step():
    plan = recipe_from({"steps": ["blur", "gray", "linear", "blur"], "depth": "u16"}).planned(
        Form(Depth.U8, 4)
    )
    assert [p.step.name for p in plan.steps] == ["blur", "gray", "linear", "blur", "encode"]
    assert [(p.after.depth.value, p.after.channels) for p in plan.steps] == [
        ("u16", 4),
        ("u16", None),
        ("f32", None),
        ("f32", None),
        ("u16", None),
    ]
    assert plan.output == Form(Depth.U16)


@pytest.mark.parametrize(
    ("steps", "options", "at"),
    [
        (["gray"], {}, []),
        (["gray"], {"depth": "u16"}, ["gray", "convert"]),
        (["gray", "binarize:9"], {"range": "offset"}, ["gray", "binarize:9", "convert"]),
        (["convert", "binarize:9"], {"depth": "u16"}, ["convert", "binarize:9"]),
        (["linear", "encode"], {"depth": "u16"}, ["linear", "convert", "encode"]),
        (["linear"], {"stride": 2}, ["linear", "convert", "encode"]),
        (["blur"], {"depth": "u16"}, ["blur"]),
    ],
)
def test_a_conversion_where_no_step_makes_sums(steps, options, at):
    plan = recipe_from({"steps": steps, **options}).planned(Form(Depth.U8))
    assert [p.step.name for p in plan.steps] == (at or steps)


def test_a_conversion_may_stand_anywhere():
    """With it, black and white is made of the wide values; without, of the narrow ones."""
    image = ROW.astype(np.uint16) * 257
    first = filter_image(image, steps=["convert", "binarize:100"], depth="u8", range="full")
    np.testing.assert_array_equal(first, imgconv.binarize(ROW, "100"))
    last = filter_image(image, steps=["binarize:100"], depth="u8", range="full")
    np.testing.assert_array_equal(last, imgconv.binarize(image, "100") >> 8)


def test_two_thresholds_and_gray_after_kernels(astronaut):
    image = astronaut[:60, :70]
    steps = ["blur", "binarize:100", "gaussian:2", "gray", "binarize:otsu", "invert"]
    result = filter_image(image, steps=steps)
    blurred = imgconv.binarize(imgconv.correlate(image, "blur"), "100")
    again = imgconv.binarize(imgconv.correlate(blurred, "gaussian:2"))
    np.testing.assert_array_equal(result, imgconv.invert(again))


def test_linear_light_is_linear_steps_encode(astronaut):
    image = astronaut[:40, :50]
    before = filter_image(image, kernels=["gaussian:2", "emboss_128"], linear=True, depth="u16")
    steps = ["linear", "gaussian:2", "emboss_128", "encode"]
    np.testing.assert_array_equal(before, filter_image(image, steps=steps, depth="u16"))
    np.testing.assert_array_equal(before, filter_image(image, steps=steps[:-1], depth="u16"))


def test_light_begins_once_and_ends_where_it_began():
    with pytest.raises(ArgumentError, match="encode ends linear light, which did not begin"):
        recipe_from({"steps": ["blur", "encode"]})
    with pytest.raises(ArgumentError, match="linear follows linear"):
        recipe_from({"steps": ["linear", "blur", "linear"]})
    twice = ["linear", "blur", "encode", "linear", "blur", "encode"]
    assert filter_image(ROW, steps=twice).dtype == np.uint8


def test_old_keys_mean_steps_in_the_order_that_they_had():
    def steps(**options):
        recipe = recipe_from({key.replace("_", "-"): value for key, value in options.items()})
        return [step.name for step in recipe.steps]

    both = {"gray": "bt601", "binarize": "otsu", "invert": True, "kernels": ["blur", "sobel_x"]}
    assert steps(**both) == ["gray", "binarize:otsu", "invert", "blur", "sobel_x"]
    after = ["gray", "linear", "blur", "sobel_x", "encode", "binarize:otsu", "invert"]
    assert steps(**both, binarize_after=True, linear=True) == after
    assert steps(binarize="9", binarize_after=True) == ["convert", "binarize:9"]
    assert steps(kernels=["blur", "binarize:9"], gray="red") == ["gray:red", "blur", "binarize:9"]


@pytest.mark.parametrize(
    "key", ["kernels", "gray", "binarize", "binarize-after", "invert", "linear"]
)
def test_steps_and_an_older_key(tmp_path, key):
    value = {"kernels": "[blur]", "gray": "bt601", "binarize": "otsu"}.get(key, "true")
    (tmp_path / "r.yaml").write_text(f"padding: wrap\nsteps: [blur]\n{key}: {value}\n")
    with pytest.raises(RecipeError, match=rf"r\.yaml:3:1: steps is the whole list, so {key} "):
        read_recipe(tmp_path / "r.yaml")
    given = {"kernels": ["blur"], "gray": "bt601", "binarize": "otsu"}.get(key, True)
    with pytest.raises(ArgumentError, match=f"so {key} cannot stand beside it"):
        recipe_from({"steps": ["blur"], key: given})


def test_options_beside_a_file_of_steps(tmp_path):
    (tmp_path / "r.yaml").write_text("steps: [gray, blur]\npadding: wrap\n")
    changed = read_recipe(tmp_path / "r.yaml", options={"kernels": ["sobel_x"], "invert": True})
    assert [step.name for step in changed.steps] == ["invert", "sobel_x"]
    kept = read_recipe(tmp_path / "r.yaml", options={"depth": "u16"})
    assert [step.name for step in kept.steps] == ["gray", "blur"]


def test_inline_kernels_in_steps(tmp_path):
    text = "steps: [gray, {weights: [[1, 2]], scale: 1/3}, 'binarize:otsu']\n"
    (tmp_path / "r.yaml").write_text(text)
    recipe = read_recipe(tmp_path / "r.yaml")
    assert str(recipe.steps[1].scale) == "1/3"
    (tmp_path / "again.yaml").write_text(format_recipe(recipe))
    assert read_recipe(tmp_path / "again.yaml") == recipe


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("steps: [blur,\n  binarise]\n", "2:3"),
        ("steps: [gray, encode]\n", "1:1"),
        ("steps: [[1, 2]]\n", "1:9"),
        ("steps: ['gray:pink']\n", "1:9"),
    ],
)
def test_a_wrong_step_says_where(tmp_path, text, place):
    (tmp_path / "r.yaml").write_text(text)
    with pytest.raises(RecipeError, match=rf"r\.yaml:{place}: "):
        read_recipe(tmp_path / "r.yaml")


def test_the_parts_of_a_recipe():
    recipe = recipe_from({"steps": ["gray", "blur", "invert", "sobel_x", "binarize:9"]})
    assert [step.name for step in recipe.kernels] == ["blur", "sobel_x"]
    assert [step.name for step in recipe.leading()] == ["gray"]
    assert [step.name for step in recipe.windowed().steps] == ["blur", "invert", "sobel_x"]
    other = recipe.with_kernels([load_step("emboss")])
    assert [step.name for step in other.steps] == ["gray", "emboss", "binarize:9"]
    lit = recipe_from({"linear": True}).with_kernels([load_step("emboss")])
    assert [step.name for step in lit.steps] == ["linear", "emboss", "encode"]


def test_every_kind_is_complete():
    """Each has a class of its name, and functions that can be imported."""
    for name, kind in KINDS.items():
        value = load_home(kind.value)
        assert value.kind == name
        for home in filter(None, kind[1:]):
            assert callable(load_home(home))
    for spec in ("gray", "invert", "binarize:otsu", "blur", "sobel", "convert"):
        step = load_step(spec)
        assert kind_of(step).value.endswith(f":{type(step).__name__}")
        assert function_of(step, "apply") is not None
        surveys = step.surveys(Form(Depth.U8), imgconv.Settings(output_range=OutputRange.RESCALE))
        assert not surveys or function_of(step, "survey") is not None
        if step.reach is Reach.WINDOW:
            assert step.extents


def test_explanations_go_through_every_step():
    image = np.arange(60, dtype=np.uint8).reshape(6, 10) * 4
    recipe = Recipe(steps=recipe_from({"steps": ["gray", "blur", "invert", "sobel_x"]}).steps)
    found = imgconv.explain(image, recipe, at=(2, 3))
    assert found.tone == "gray bt601"
    assert [stage.name for stage in found.stages] == ["blur", "invert", "sobel_x"]
    between = found.stages[1]
    assert between.values == (255 - between.read[0],)
    assert found.stages[0].values == between.read
    assert found.value == filter_image(image, recipe)[2, 3]
    assert found.as_dict()["stages"][1] == {
        "step": "invert",
        "at": [2, 3],
        "read": between.read[0],
        "value": between.values[0],
    }


def test_steps_are_compared_where_opencv_has_a_function(astronaut):
    comparison = imgconv.compare(astronaut[:40, :40], steps=["gray", "blur", "binarize:otsu"])
    assert comparison.calls == ("cv2.filter2D",)
    assert comparison.within_tolerance
