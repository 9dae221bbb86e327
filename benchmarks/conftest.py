"""How large are the largest chains, and the texts, that are benchmarked?"""


def pytest_addoption(parser):
    parser.addoption("--largest", type=int, default=12, help="Longest context of the chains of two tokens.")
    parser.addoption("--characters", type=int, default=100_000, help="Length of the text that is counted.")
