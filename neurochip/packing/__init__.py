"""Count what a network uses on its cores (synaptic memory, axons, compartments) and its traffic."""
