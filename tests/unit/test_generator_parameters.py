"""Generated kernels are the same everywhere, and their parameters are checked."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from fractions import Fraction

import pytest
from unit.bank_tools import ENTRIES, GENERATED, exact, load, total

from imgconv.model.errors import KernelError
from imgconv.model.generators import GENERATORS, generate

# sha256 over the weights as fractions; made by this package and then checked against the formulas
# above. They change only when the definition of a generator does.
GOLDEN = {
    "box:5": "bc56c986f134ccab6b40439abff1a01726adb86f3f486e740fcec9975a8f4c88",
    "disk:2.6": "f1a358b367a1be91c9f7655346eae5270487cbd00e3287b9627a628cded01f9d",
    "motion:9,30": "8fb87cb26b82d5aff49e2949b6167afeb9506c1096d874c8871dbac0389518bf",
    "binomial:7": "fe47982c7e59fb8876c399f97209c01b1974a5fb4e1912f88484b802de2f4848",
    "gaussian:1.4": "452058abf1a7cce22d2cc9e8e5e03b2ba9d1b51716df24e64f8cce8d043bb36a",
    "gaussian:2,precision=fine": "012cad7a679e82908a91c310fdd2951de1f0c83f55619321c97ffe176a099489",
    "gaussian:3,auto,opencv": "89fe52983ec2447d41c8228cf61b8516d41434164fa6bd7d25a6f0cf719cc192",
    "log:1.4": "3d72a3fdd165294b5b6657c42bf7898db8e6a6cfaee63fa37bb54d567d92bfe7",
    "dog:1,1.6": "0f6e7363efda595b8e45b99271e2a110b6863ada6d7ab4c53c4287b6b8e8777e",
    "unsharp:1,1.5": "afc5c6593aa2e15bc862b91f4bf1675b99c2e74236df9e72aa450d484b252ea6",
    "high_boost:1.5": "d9022418d780d88fa69720dabae2a950113cb05f650f2b9a990afbe60de3e44e",
    "gabor:2,30,5,0.5,45": "45bbdc54ef8769880cab3df344e22e55d8a77d8f245b8e27fb159a01c64fadf8",
    "savgol:7,3,x": "fe37a1b9fb0dc983cc2afb50ca90257405d02f47b0788a977b77619763b269a8",
    "laplacian_alpha:0.2": "b1251aad11decde2fe097b462296e7e93c38588b159fac38ed6a1ffcc2fd367c",
    "haar:line_x,8": "dd0a3c82521109dbec2d4e4a7005fd64e911a2c6dcf47dc8d5a0ae47cb6a4986",
    "farid_derivative:7,y": "3b367a583f41dfb939691249ac20be04bf446b521ca2abe14c8a537951164280",
}


def digest(kernel):
    rows = [" ".join(map(str, row)) for row in exact(kernel)]
    text = "\n".join([*rows, f"{kernel.offset} {kernel.anchor}"])
    return hashlib.sha256(text.encode()).hexdigest()


class TestSameEverywhere:
    @pytest.mark.parametrize("spec", GOLDEN)
    def test_golden_weights(self, spec):
        assert digest(load(spec)) == GOLDEN[spec]

    def test_every_generator_has_a_golden(self):
        assert {spec.partition(":")[0] for spec in GOLDEN} == set(GENERATED)

    def test_the_context_of_the_caller_changes_nothing(self):
        import decimal

        with decimal.localcontext(decimal.Context(prec=5, rounding=decimal.ROUND_UP)):
            assert {spec: digest(load(spec)) for spec in GOLDEN} == GOLDEN


class TestParameters:
    @pytest.mark.parametrize("name", GENERATED)
    def test_the_defaults_are_what_the_bare_name_gives(self, name):
        options = ENTRIES[name].options()
        named = ",".join(f"{option.name}={option.default}" for option in options)
        placed = ",".join(str(option.default) for option in options)
        wanted = exact(load(name))
        assert exact(load(f"{name}:{named}")) == exact(load(f"{name}:{placed}")) == wanted

    @pytest.mark.parametrize(
        ("placed", "named"),
        [
            ("gaussian:1.4", "gaussian:sigma=1.4"),
            ("gaussian:1.4,9", "gaussian:size=9,sigma=1.4"),
            ("gaussian:2,auto,opencv", "gaussian:rule=opencv,sigma=2"),
            ("dog:1,2,9", "dog:size=9,sigma2=2,sigma1=1"),
            ("motion:7,30", "motion:angle=30,length=7"),
            ("gabor:2,45,6,1,90,9", "gabor:psi=90,gamma=1,lambda=6,size=9,theta=45,sigma=2"),
            ("savgol:7,3,y", "savgol:derivative=y,order=3,size=7"),
            ("haar:line_y,8", "haar:size=8,kind=line_y"),
            ("unsharp:1.5,0.5", "unsharp:amount=1/2,sigma=3/2"),
            ("mean:5", "box:size=5"),
            ("difference_of_gaussians:1,2", "dog:sigma2=2"),
        ],
    )
    def test_with_and_without_names(self, placed, named):
        assert exact(load(placed)) == exact(load(named))

    @pytest.mark.parametrize("spec", ["gaussian:1.4,9", "gabor:lambda=6", "box:5", "log"])
    def test_the_name_is_a_spec_of_the_same_kernel(self, spec):
        kernel = load(spec)
        assert exact(load(kernel.name)) == exact(kernel)
        assert load(kernel.name).name == kernel.name

    @pytest.mark.parametrize(
        ("name", "values"),
        [
            ("box", {"size": 4}),
            ("gaussian", {"sigma": Fraction(7, 5), "size": "auto", "rule": "4sigma"}),
            (
                "gabor",
                {"sigma": 2, "theta": 30, "lambda": 5, "gamma": 1, "psi": 0, "size": "auto"},
            ),
        ],
    )
    def test_generate_takes_the_names_of_the_bank(self, name, values):
        spec = ",".join(f"{key}={value}" for key, value in values.items())
        assert exact(generate(name, values)) == exact(load(f"{name}:{spec}"))

    def test_all_generators_stand_in_the_bank(self):
        assert {ENTRIES[name].generator for name in GENERATED} == set(GENERATORS)

    @pytest.mark.parametrize(
        ("name", "option"),
        [(name, option) for name in GENERATED for option in ENTRIES[name].options()],
        ids=str,
    )
    def test_values_outside_the_range_are_refused(self, name, option):
        if option.choices:
            wrong, said = "sideways", ", ".join(option.choices)
            expected = [(wrong, f"{option.name} is '{wrong}'; choose {said}")]
        else:
            said = f"it runs from {option.low} to {option.high}"
            outside = (option.low - 1, option.high + 1)
            expected = [(str(v), f"{option.name} is {v}; {said}") for v in outside]
        for value, message in expected:
            with pytest.raises(KernelError, match=re.escape(message)):
                load(f"{name}:{option.name}={value}")

    @pytest.mark.parametrize(
        ("name", "option"),
        [(n, o) for n in GENERATED for o in ENTRIES[n].options() if not o.choices],
        ids=str,
    )
    @pytest.mark.parametrize("value", ["nan", "inf", "wide", "1e500", "1/0", "--1"])
    def test_words_are_not_numbers(self, name, option, value):
        with pytest.raises(KernelError, match=r"is not a number|beyond|divides by zero"):
            load(f"{name}:{option.name}={value}")

    @pytest.mark.parametrize(
        ("spec", "message"),
        [
            ("gaussian:size=8", "size is 8; a kernel of Gaussians has an odd size"),
            ("log:size=4", "size is 4; a kernel of Gaussians has an odd size"),
            ("gabor:size=10", "size is 10; a kernel of Gaussians has an odd size"),
            ("unsharp:size=6", "size is 6; a kernel of Gaussians has an odd size"),
            ("dog:size=6", "size is 6; a kernel of Gaussians has an odd size"),
            ("gaussian:size=7.5", "size is 7.5; it is a whole number"),
            ("motion:length=2.5", "length is 2.5; it is a whole number"),
            ("savgol:order=1.5", "order is 1.5; it is a whole number"),
            ("box:size=auto", "'auto' is not a number"),
            ("dog:2,1", "dog needs sigma1 < sigma2, not 2 and 1"),
            ("dog:1,1", "dog needs sigma1 < sigma2, not 1 and 1"),
            (
                "savgol:4,2",
                "savgol needs an odd size greater than the order, not size 4 and order 2",
            ),
            ("savgol:3,3", "savgol needs an odd size greater than the order"),
            ("savgol:5,0,x", "savgol needs order 1 or more for a derivative"),
            ("haar:edge_x,5", "haar edge_x needs a size that is a multiple of 2, not 5"),
            ("haar:line_x,6", "haar line_x needs a size that is a multiple of 4, not 6"),
            ("gaussian:1,3,3sigma,fine,4", "gaussian has no option"),
            ("gaussian:width=3", "gaussian has no option 'width'"),
            ("gaussian:1.4,sigma=2", "sigma is given twice"),
            ("gaussian:size=9,1.4", "size is given twice"),
            ("sharpen:2", "sharpen has no option '2'"),
            ("gaussian:sigma=", "is not a number"),
        ],
    )
    def test_what_does_not_go_together_is_refused(self, spec, message):
        with pytest.raises(KernelError, match=re.escape(message)):
            load(spec)


class TestExtremes:
    """The ends of the stated ranges must be answered, by a kernel or by a refusal, and soon."""

    @pytest.mark.parametrize(
        "spec",
        [
            "gabor:psi=90,size=1",
            "gabor:lambda=1,psi=90",
            "gabor:sigma=100,gamma=0.05",
            "gabor:sigma=100,gamma=0.5",
        ],
    )
    @pytest.mark.sampled(3)
    def test_a_wave_that_vanishes_or_is_too_wide_is_answered_soon(self, spec):
        program = (
            "import sys\n"
            "from imgconv import load_kernel\n"
            "from imgconv.model.errors import KernelError\n"
            "try: print(any(any(row) for row in load_kernel(sys.argv[1]).weights))\n"
            "except KernelError: print('refused')\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", program, spec],
            capture_output=True,
            text=True,
            check=True,
            timeout=5,
        )
        assert done.stdout.strip() in {"refused", "True"}

    @pytest.mark.parametrize("spec", ["dog:99,100,3", "dog:0.1,0.15"])
    def test_gaussians_that_round_to_the_same_do_not_make_a_kernel_of_zeros(self, spec):
        try:
            kernel = load(spec)
        except KernelError:
            return
        assert any(any(row) for row in kernel.weights)

    @pytest.mark.parametrize(
        "spec",
        [
            *("gaussian:0.1", "gaussian:100,1", "unsharp:0.1,100", "high_boost:100", "box:1"),
            *("disk:0.5", "disk:0.51", "motion:1,45", "motion:2,-360", "binomial:1"),
            *("savgol:31,6", "savgol:3,0", "gaussian:0.1,auto,opencv"),
        ],
    )
    def test_the_ends_of_the_ranges_sum_to_1(self, spec):
        assert total(load(spec)) == 1

    @pytest.mark.parametrize(
        "spec", ["log:0.3", "log:50,3", "log:50,9", "haar:edge_x,2", "haar:checker,2"]
    )
    def test_the_ends_of_the_ranges_sum_to_0(self, spec):
        kernel = load(spec)
        assert total(kernel) == 0
        assert any(any(row) for row in kernel.weights)
