"""How large are the largest chains that are benchmarked?"""


def pytest_addoption(parser):
    parser.addoption("--largest", type=int, default=12, help="Longest context of the chains of two tokens.")
