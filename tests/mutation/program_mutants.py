"""Wrong lines of neuron programs: their checks, their ranges, and their parts of an image."""

from __future__ import annotations

from mutation.mutant import Mutant

__all__ = ["MUTANTS"]

OPERATIONS = "neurochip/programs/operations.py"
ROWS = "neurochip/programs/rows.py"
PROGRAM = "neurochip/programs/program.py"
GROUP = "neurochip/image/program_group.py"
KERNEL = "neurochip/network/kernel.py"
CHECKS = "neurochip/image/check_programs.py"
IMAGE = "neurochip/image/chip_image.py"
PROPERTIES = "tests/property/test_program_properties.py"
EXACT = f"{PROPERTIES}::test_the_ranges_are_reached_by_some_values"
SAFE = f"{PROPERTIES}::test_no_value_leaves_the_range_of_its_row"
GENERATE = "neurochip/emulator/programmed/generate.py"
COUNTING = "neurochip/emulator/programmed/counting.py"
CLIPS = "tests/unit/test_voltage_clips.py::"
KERNELS = (
    "tests/property/test_program_kernels.py"
    "::test_kernels_of_random_programs_give_the_integers_of_the_interpreter"
)
ROUNDED = (
    "tests/property/test_program_kernels.py"
    "::test_a_product_that_is_rounded_at_once_is_that_of_the_interpreter"
)
MESSAGES = "tests/unit/test_program_messages.py"
IMAGES = "tests/unit/test_image_programs.py"

MUTANTS = [
    Mutant(
        "bounds of two operands ignore the lower end of the second",
        OPERATIONS,
        "for x in a for y in others[0]]",
        "for x in a for y in others[0][1:]]",
        EXACT,
    ),
    Mutant(
        "the absolute value of a negative range is its lower end",
        OPERATIONS,
        "max(low, -high, 0), max(-low, high)",
        "0, max(low, high)",
        EXACT,
    ),
    Mutant(
        "a selection gives its first operand",
        OPERATIONS,
        "min(a[0], b[0]), max(a[1], b[1])\n",
        "a\n",
        SAFE,
    ),
    Mutant(
        "two negative numbers have no bits in common",
        OPERATIONS,
        "return -(1 << (-min(a[0], b[0]) - 1).bit_length()), max(a[1], b[1])",
        "return 0, max(a[1], b[1])",
        SAFE,
    ),
    Mutant(
        "a saturation has one value more",
        OPERATIONS,
        "most = (1 << (bits[0] - 1)) - 1",
        "most = 1 << (bits[0] - 1)",
        EXACT,
    ),
    Mutant(
        "a wrap keeps a range that is above it",
        OPERATIONS,
        "-half <= a[0] and a[1] < half",
        "-half <= a[0] and a[1] <= half",
        EXACT,
    ),
    Mutant(
        "the range of rtz is that of asr",
        OPERATIONS,
        "a >> shift if a >= 0 else -(-a >> shift)",
        "a >> shift",
        EXACT,
    ),
    Mutant(
        "the range of div rounds toward zero",
        OPERATIONS,
        "_extremes(lambda a, p: a // p)",
        "_extremes(lambda a, p: int(a / p))",
        EXACT,
    ),
    Mutant(
        "two operations exchange their codes",
        OPERATIONS,
        'Operation("add", ("a", "b"), "``a + b``", _extremes(lambda a, b: a + b)),\n'
        '            Operation("sub", ("a", "b"), "``a - b``", _extremes(lambda a, b: a - b)),\n',
        'Operation("sub", ("a", "b"), "``a - b``", _extremes(lambda a, b: a - b)),\n'
        '            Operation("add", ("a", "b"), "``a + b``", _extremes(lambda a, b: a + b)),\n',
        "tests/unit/test_programs.py::test_the_operations_keep_their_order_which_files_hold",
    ),
    Mutant(
        "a value may have 67 bits",
        ROWS,
        "if low < _INT64[0] or high > _INT64[1]:",
        "if low < 16 * _INT64[0] or high > 16 * _INT64[1]:",
        f"{MESSAGES}::test_no_value_can_leave_64_bits",
    ),
    Mutant(
        "a shift may have 63 bits",
        ROWS,
        "if interval[0] < least or interval[1] > most:",
        "if interval[0] < least or interval[1] > most + 1:",
        f"{MESSAGES}::test_shifts_divisors_and_widths_have_a_range",
    ),
    Mutant(
        "a shift by a parameter is not compared with its range",
        ROWS,
        "interval = parameters[value]",
        "interval = least, most",
        f"{MESSAGES}::test_shifts_divisors_and_widths_have_a_range",
    ),
    Mutant(
        "a program may write its parameters",
        ROWS,
        "{*given, *parameters}",
        "{*given}",
        f"{MESSAGES}::test_parameters_and_inputs_are_not_written",
    ),
    Mutant(
        "a program may emit twice",
        ROWS,
        "emitted = index",
        "emitted = None",
        f"{MESSAGES}::test_a_program_emits_once",
    ),
    Mutant(
        "inputs have 31 bits at most",
        PROGRAM,
        "**dict.fromkeys(self.inputs, _width(input_bits)),",
        "**dict.fromkeys(self.inputs, _width(min(input_bits, 31))),",
        f"{MESSAGES}::test_a_payload_fits_its_width",
    ),
    Mutant(
        "a state may end outside its width",
        PROGRAM,
        "found[0] < width[0] or found[1] > width[1]",
        "found[0] < width[0] and found[1] < width[1]",
        f"{MESSAGES}::test_a_state_ends_within_its_width",
    ),
    Mutant(
        "a binary spike may have a payload",
        PROGRAM,
        "width = _width(bits) if bits else (0, 1)",
        "width = _width(bits) if bits else _width(32)",
        f"{MESSAGES}::test_a_binary_spike_has_no_payload",
    ),
    Mutant(
        "temporaries are numbered by name",
        PROGRAM,
        "return tuple(dict.fromkeys(name for name in written if name not in self.state))",
        "return tuple(sorted({name for name in written if name not in self.state}))",
        "tests/unit/test_programs.py::test_a_program_is_a_table_of_integers",
    ),
    Mutant(
        "a parameter is not compared with its declared range",
        GROUP,
        "outside = (row < low) | (row > high)",
        "outside = row > high",
        f"{IMAGES}::test_each_part_checks_itself",
    ),
    Mutant(
        "a kernel is flipped, as in a convolution of mathematics",
        "neurochip/_support/convolving.py",
        "tap * dilation",
        "(taps - 1 - tap) * dilation",
        f"{IMAGES}::test_an_unrolled_convolution_has_the_synapses_of_its_definition",
    ),
    Mutant(
        "groups of a convolution share their channels",
        KERNEL,
        "channel = k // (out // self.groups) * inside + c",
        "channel = c",
        f"{IMAGES}::test_an_unrolled_convolution_has_the_synapses_of_its_definition",
    ),
    Mutant(
        "rows and columns of a stride are exchanged",
        KERNEL,
        "self.stride[axis],",
        "self.stride[1 - axis],",
        f"{IMAGES}::test_an_unrolled_convolution_has_the_synapses_of_its_definition",
    ),
    Mutant(
        "a payload may reach a neuron that takes binary spikes",
        CHECKS,
        "wrong = graded[sources] & binary[listed.target]",
        "wrong = graded[sources] & graded[listed.target] & binary[listed.target]",
        f"{IMAGES}::test_a_payload_needs_a_target_with_a_program",
    ),
    Mutant(
        "a compartment may run two programs",
        CHECKS,
        "if taken[ids].any():",
        "if taken[ids].all():",
        f"{IMAGES}::test_every_number_stands_for_something",
    ),
    Mutant(
        "the digest leaves out the receptor",
        IMAGE,
        "if group.receptor:",
        "if group.receptor > 1:",
        f"{IMAGES}::test_the_second_receptor_needs_two_inputs",
    ),
    Mutant(
        "a product that is rounded at once rounds toward minus infinity",
        GENERATE,
        "* r{keep} + {up})",
        "* r{keep})",
        ROUNDED,
    ),
    Mutant(
        "a product is rounded by the least of the shifts that a parameter may be",
        GENERATE,
        "if not 0 < shift == most_shift or",
        "if not 0 < shift + 1 or",
        ROUNDED,
    ),
    Mutant(
        "a factor below zero has the rounding of one above",
        GENERATE,
        "or least < 0 or",
        "or",
        ROUNDED,
    ),
    Mutant(
        "products of more than 32 bits are cut",
        GENERATE,
        "products = ((largest >> shift) + 1) * most,",
        "products = 0,",
        ROUNDED,
    ),
    Mutant(
        "the digest leaves out the interval of a reset",
        GROUP,
        'return f"reset {self.interval}, {self.offset}", [self.compartments]',
        'return "reset", [self.compartments]',
        f"{IMAGES}::test_every_part_enters_the_digest",
    ),
    Mutant(
        "a kernel subtracts the other way round",
        GENERATE,
        '"sub": "{a} - {b}"',
        '"sub": "{b} - {a}"',
        KERNELS,
    ),
    Mutant(
        "a kernel shifts left by one bit more",
        GENERATE,
        '"{a} << {b}"',
        '"{a} << {b} << 1"',
        KERNELS,
    ),
    Mutant(
        "a kernel rounds asr toward zero",
        GENERATE,
        '"asr": "{a} >> {b}"',
        '"asr": "({a} + (({a} >> 63) & ((np.int64(1) << {b}) - 1))) >> {b}"',
        KERNELS,
    ),
    Mutant(
        "a kernel rounds rtz toward minus infinity",
        GENERATE,
        "({a} + (({a} >> 63) & ((np.int64(1) << {b}) - 1))) >> {b}",
        "{a} >> {b}",
        KERNELS,
    ),
    Mutant(
        "a kernel rounds rtz away from zero",
        GENERATE,
        "((np.int64(1) << {b}) - 1))) >> {b}",
        "(np.int64(1) << {b}))) >> {b}",
        KERNELS,
    ),
    Mutant(
        "a kernel takes the larger for min",
        GENERATE,
        '"min({a}, {b})"',
        '"max({a}, {b})"',
        KERNELS,
    ),
    Mutant(
        "a kernel takes the smaller for max",
        GENERATE,
        '"max({a}, {b})",',
        '"min({a}, {b})",',
        KERNELS,
    ),
    Mutant(
        "a kernel keeps the sign of abs",
        GENERATE,
        '"abs({a})"',
        '"{a}"',
        KERNELS,
    ),
    Mutant(
        "a kernel compares gt with equality",
        GENERATE,
        '"gt": "{a} > {b}"',
        '"gt": "{a} >= {b}"',
        KERNELS,
    ),
    Mutant(
        "a kernel compares ge without equality",
        GENERATE,
        '"ge": "{a} >= {b}"',
        '"ge": "{a} > {b}"',
        KERNELS,
    ),
    Mutant(
        "a kernel joins the bits of and",
        GENERATE,
        '"{a} & {b}"',
        '"{a} | {b}"',
        KERNELS,
    ),
    Mutant(
        "a kernel selects by the sign",
        GENERATE,
        "if {a} != 0 else",
        "if {a} > 0 else",
        KERNELS,
    ),
    Mutant(
        "a kernel saturates one value further below",
        GENERATE,
        "max({a}, 1 - {half})",
        "max({a}, -{half})",
        KERNELS,
    ),
    Mutant(
        "a kernel wraps without a sign",
        GENERATE,
        "& (2 * {half} - 1)) - {half}",
        "& (2 * {half} - 1))",
        KERNELS,
    ),
    Mutant(
        "a kernel divides toward zero",
        GENERATE,
        '"div": "{a} // {b}"',
        '"div": "-(-{a} // {b}) if {a} < 0 else {a} // {b}"',
        KERNELS,
    ),
    Mutant(
        "a kernel of 32 bits divides toward zero",
        GENERATE,
        "np.floor(np.float64({a})",
        "np.trunc(np.float64({a})",
        KERNELS,
    ),
    Mutant(
        "a kernel keeps 32 bits of a product that needs 64",
        GENERATE,
        '"mul": "{a} * {b}"',
        '"mul": "(np.int64({a}) * np.int64({b}) + 2**31) % 2**32 - 2**31"',
        KERNELS,
    ),
    Mutant(
        "a kernel leaves out a saturation below",
        GENERATE,
        "and result == known[operands[0]]",
        "and result[1] == known[operands[0]][1]",
        KERNELS,
    ),
    Mutant(
        "a kernel counts clips as wraps",
        COUNTING,
        '"sat": COUNTED.index("program_clips")',
        '"sat": COUNTED.index("program_wraps")',
        KERNELS,
    ),
    Mutant(
        "a kernel counts clips of v at its other limit",
        COUNTING,
        '("max", "vmin"): LOW, ("min", "vmax"): _HIGH',
        '("max", "vmin"): _HIGH, ("min", "vmax"): LOW',
        KERNELS,
    ),
    Mutant(
        "a state named vmin is a limit of v",
        COUNTING,
        "operands[-1] in program.parameters and ",
        "",
        f"{CLIPS}test_only_a_parameter_is_a_limit_of_v",
    ),
    Mutant(
        "the lowest v of a model counts",
        GENERATE,
        "<= {counting.lowest}))",
        "<= 0))",
        KERNELS,
    ),
    Mutant(
        "the lowest v of a register does not count",
        GENERATE,
        "if deepest < {counting.lowest} else 0",
        "if deepest < {counting.lowest} - 9 else 0",
        KERNELS,
    ),
    Mutant(
        "a clip of v counts where it has no effect",
        GENERATE,
        '''f"({' | '.join(left)})"''',
        '"True"',
        KERNELS,
    ),
    Mutant(
        "a clip of v that changes a payload only does not count",
        GENERATE,
        """left += [f"(emitted != {_at(_SCRATCH, Scratch.EMITTED)})"]""",
        """left += []""",
        KERNELS,
    ),
    Mutant(
        "a clip at vmin of a core's neuron counts for the register's lowest v only",
        COUNTING,
        "None if own else int(low)",
        "int(low)",
        f"{CLIPS}test_clips_count_alike_beside_resets_and_learning",
    ),
    Mutant(
        "the lowest v is that of every core",
        COUNTING,
        "core.vmin_exponent_max, core.vmax_exponent_max, core)",
        "23, core.vmax_exponent_max, core)",
        "tests/property/test_program_network_properties.py"
        "::test_a_random_network_of_programs_equals_the_slow_model",
    ),
    Mutant(
        "wraps of a core's neuron are those of a program",
        COUNTING,
        "_OWN_WIDTHS[destination] if own else",
        "_WIDTHS[name] if own else",
        f"{CLIPS}test_wraps_of_u_and_of_its_sum_with_the_bias_have_their_own_counters",
    ),
    Mutant(
        "a sum with the bias that wraps counts while v is held",
        GENERATE,
        '== 0)"\n',
        '>= 0)"\n',
        f"{CLIPS}test_a_held_neuron_counts_no_sum_with_the_bias",
    ),
    Mutant(
        "a kernel does not store a state that it wrote",
        GENERATE,
        "if first + k in written",
        "if first + k + 1 in written",
        KERNELS,
    ),
    Mutant(
        "a silent program goes on sending",
        GENERATE,
        '[f"{_at(_SCRATCH, Scratch.FIRED)} = np.int32(0)"] * silent',
        "[]",
        KERNELS,
    ),
]
