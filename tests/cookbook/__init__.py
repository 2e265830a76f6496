"""What `make cookbook` runs: recipes of `tinker-cookbook`, as published, against the simulated service.

`recipes` says which, `environments` installs three releases with the `tinker` of their time, `data_sets`
writes tiny data sets, `running` runs one recipe and `__main__` all of them. `own_tests` runs tests of the
cookbook itself and `tutorials` its tutorials. No code of it is copied: what is published runs.
"""
