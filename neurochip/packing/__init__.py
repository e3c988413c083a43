"""How much of its cores a network takes: synapse memory, axons, compartments, and flows."""
