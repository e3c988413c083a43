"""Wrong rows of the programs of the library: do the recorded values of others notice them?"""

from __future__ import annotations

from mutation.mutant import Mutant

__all__ = ["MUTANTS"]

LIBRARY = "neurochip/programs/library"
CODING = f"{LIBRARY}/coding.py"
RESONATORS = f"{LIBRARY}/resonators.py"
GRADED = f"{LIBRARY}/graded.py"
TERNARY = f"{LIBRARY}/ternary.py"
LIF = f"{LIBRARY}/lif.py"
MEMBRANE = f"{LIBRARY}/membrane.py"
SNNTORCH = f"{LIBRARY}/snntorch.py"
ADAPTIVE = f"{LIBRARY}/adaptive.py"
PAYLOAD = f"{LIBRARY}/payload.py"
LOOPS = "tests/unit/test_program_library.py::"
ARRAYS = (
    "tests/conformance/test_program_vectors.py::test_an_interpreter_on_arrays_gives_every_value"
)

MUTANTS = [
    Mutant(
        "a change that equals the threshold is not sent",
        CODING,
        '("sends", "ge", "size", "threshold")',
        '("sends", "gt", "size", "threshold")',
        f"{ARRAYS}[lava_delta]",
    ),
    Mutant(
        "what a coding neuron did not send is lost",
        CODING,
        '("residue", "sub", "d", "s")',
        '("residue", "sub", "s", "s")',
        f"{ARRAYS}[lava_sigma_delta]",
    ),
    Mutant(
        "what a coding neuron sent stays in its residue",
        CODING,
        '("residue", "sub", "d", "s")',
        '("residue", "mov", "d")',
        f"{ARRAYS}[lava_sigma_delta]",
    ),
    Mutant(
        "a message is rounded toward zero",
        CODING,
        '("payload", "asr", "s", "state_exponent")',
        '("payload", "rtz", "s", "state_exponent")',
        f"{ARRAYS}[lava_sigma_delta]",
    ),
    Mutant(
        "a sigma-delta neuron keeps negative activations",
        CODING,
        '"sigma_delta", core, (("act", "max", "act", 0),)',
        '"sigma_delta", core, ()',
        f"{ARRAYS}[lava_sigma_delta]",
    ),
    Mutant(
        "a delta neuron sends its level",
        CODING,
        '("d", "sub", "act", "before")',
        '("d", "mov", "act")',
        f"{ARRAYS}[lava_dl_tiny_sdnn_input]",
    ),
    Mutant(
        "graded neurons sum in units of a weight",
        PAYLOAD,
        'return name, "asr", arrived, core.weight_shift',
        'return name, "mov", arrived',
        f"{ARRAYS}[lava_sigma]",
    ),
    Mutant(
        "a rotation floors one of its products",
        RESONATORS,
        '("sin_im", "rtz", "sin_im", core.decay_bits)',
        '("sin_im", "asr", "sin_im", core.decay_bits)',
        f"{ARRAYS}[lava_resonate_and_fire]",
    ),
    Mutant(
        "a resonator turns the other way",
        RESONATORS,
        '("re_new", "sub", "cos_re", "sin_im")',
        '("re_new", "add", "cos_re", "sin_im")',
        f"{ARRAYS}[lava_rf_izhikevich]",
    ),
    Mutant(
        "the imaginary part of a resonator has no limit of its own",
        RESONATORS,
        '("im_new", "sat", "im_new", bits)',
        '("im_new", "wrap", "im_new", bits)',
        f"{ARRAYS}[lava_resonate_and_fire]",
    ),
    Mutant(
        "a resonator spikes from a phase of 0",
        RESONATORS,
        '("below", "gt", 0, "im")',
        '("below", "ge", 0, "im")',
        f"{ARRAYS}[lava_resonate_and_fire]",
    ),
    Mutant(
        "a resonator spikes whatever its real part",
        RESONATORS,
        '("spike", "and", "large", "above")',
        '("spike", "mov", "above")',
        f"{ARRAYS}[lava_resonate_and_fire]",
    ),
    Mutant(
        "Izhikevich's resonator is reset to its threshold",
        RESONATORS,
        '("highest", "sub", "threshold", 1)',
        '("highest", "mov", "threshold")',
        f"{ARRAYS}[lava_rf_izhikevich]",
    ),
    Mutant(
        "a vector neuron sends what equals its threshold",
        GRADED,
        '("sends", "gt", "size", "threshold"))\n    return _graded("graded_vector"',
        '("sends", "ge", "size", "threshold"))\n    return _graded("graded_vector"',
        f"{LOOPS}test_a_vector_neuron_sends_what_exceeds_its_threshold",
    ),
    Mutant(
        "a product is rounded toward zero",
        GRADED,
        '("product", "asr", "product", "exponent")',
        '("product", "rtz", "product", "exponent")',
        f"{ARRAYS}[lava_graded_product]",
    ),
    Mutant(
        "a product takes the first input of its own step",
        GRADED,
        '("product", "mul", "last", "y")',
        '("product", "mul", "x", "y")',
        f"{ARRAYS}[lava_graded_product_of_last]",
    ),
    Mutant(
        "a payload is not limited to its width",
        GRADED,
        '("payload", "sat", "payload", core.payload_bits)',
        '("payload", "wrap", "payload", core.payload_bits)',
        f"{LOOPS}test_a_payload_stops_at_its_width",
    ),
    Mutant(
        "a ternary spike has the wrong sign",
        TERNARY,
        '("spike", "sub", "high", "low")',
        '("spike", "sub", "low", "high")',
        f"{ARRAYS}[lava_ternary]",
    ),
    Mutant(
        "a negative spike of a ternary neuron resets nothing",
        TERNARY,
        '("v", "sel", "spike", 0, "v")',
        '("v", "sel", "high", 0, "v")',
        f"{ARRAYS}[lava_ternary]",
    ),
    Mutant(
        "currents are rounded toward minus infinity",
        MEMBRANE,
        '(name, "rtz", name, core.decay_bits)',
        '(name, "asr", name, core.decay_bits)',
        f"{ARRAYS}[lava_lif]",
    ),
    Mutant(
        "the potential is rounded toward minus infinity",
        MEMBRANE,
        '("v", "rtz", "v", core.decay_bits)',
        '("v", "asr", "v", core.decay_bits)',
        f"{ARRAYS}[lava_dl_pilotnet_lif_conv_1]",
    ),
    Mutant(
        "the potential has no lower limit",
        MEMBRANE,
        '("v", "max", "v", "vmin")',
        '("v", "wrap", "v", core.state_bits)',
        f"{ARRAYS}[lava_lif]",
    ),
    Mutant(
        "the second current decays as the first",
        MEMBRANE,
        '_current(core, "u2", "keep_u2", "b")',
        '_current(core, "u2", "keep_u", "b")',
        f"{LOOPS}test_two_inputs_give_the_integers_of_a_child_and_its_parent",
    ),
    Mutant(
        "only one of two currents reaches the potential",
        MEMBRANE,
        '("x", "add", "x", "kick" if kicks_lost else "u2")',
        '("x", "mov", "u2")',
        f"{LOOPS}test_two_inputs_give_the_integers_of_a_child_and_its_parent",
    ),
    Mutant(
        "v above the threshold by nothing is a spike",
        LIF,
        '("spike", "gt", "v", limit)',
        '("spike", "ge", "v", limit)',
        f"{ARRAYS}[lava_dl_dense_lif]",
    ),
    Mutant(
        "of several spikes one too many is sent",
        LIF,
        '("excess", "sub", "excess", 1)',
        '("excess", "sub", "excess", 0)',
        "tests/unit/test_programs.py::test_several_spikes_a_step_are_the_number_that_fits",
    ),
    Mutant(
        "a threshold is raised by what v has above it",
        LIF,
        '("rise", "mul", "above", "amount")',
        '("rise", "mul", "above", "v")',
        f"{LOOPS}test_a_subtraction_without_delay_raises_the_threshold",
    ),
    Mutant(
        "a spike of snnTorch does not see the subtraction before it",
        SNNTORCH,
        '("spike", "gt", "lowered", "threshold")',
        '("spike", "gt", "v", "threshold")',
        f"{LOOPS}test_the_resets_of_snntorch[subtract-True]",
    ),
    Mutant(
        "snnTorch's subtraction without delay is delayed",
        SNNTORCH,
        '("fall", "mul", "spike", "amount")',
        '("fall", "mul", "before", "amount")',
        f"{LOOPS}test_the_resets_of_snntorch[subtract-False]",
    ),
    Mutant(
        "snnTorch's delayed reset to zero keeps the input",
        SNNTORCH,
        '("v", "sel", "before", 0, "v")',
        '("v", "sel", "before", "x", "v")',
        "tests/unit/test_program_real.py::test_the_program_gives_the_spikes_that_snntorch_gave",
    ),
    Mutant(
        "an adaptive threshold rises for all neurons",
        ADAPTIVE,
        '("rise", "mul", "spike", "step_w")',
        '("rise", "mov", "step_w")',
        f"{LOOPS}test_the_threshold_of_an_adaptive_neuron_rises_at_each_spike_and_decays",
    ),
    Mutant(
        "an adaptive threshold does not rise at all",
        ADAPTIVE,
        '("limit", "add", "threshold", "w")',
        '("limit", "mov", "threshold")',
        f"{LOOPS}test_the_threshold_of_an_adaptive_neuron_rises_at_each_spike_and_decays",
    ),
]
