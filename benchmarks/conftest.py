"""How large are the largest chains, and the texts, that are benchmarked?"""


def pytest_addoption(parser):
    parser.addoption("--largest", type=int, default=12, help="Longest context of the chains of two tokens.")
    parser.addoption("--characters", type=int, default=100_000, help="Length of the text that is counted.")
    parser.addoption("--clean-models", type=int, default=8, help="Right models that no check may fail for.")
    parser.addoption("--seeds", type=int, default=1, help="Seeds with which every mutant is looked for.")
