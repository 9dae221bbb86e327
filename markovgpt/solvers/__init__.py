"""How are the equations solved? One algorithm a file; solvers know arrays only, no chains and no models."""
