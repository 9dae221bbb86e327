"""The public names and their types; at run time ``__init__.py`` imports each at first use."""

from markovgpt.adapters import from_callable as from_callable
from markovgpt.adapters import from_matrix as from_matrix
from markovgpt.adapters import from_module as from_module
from markovgpt.analysis import CommunicatingClass as CommunicatingClass
from markovgpt.analysis import CommunicatingClasses as CommunicatingClasses
from markovgpt.analysis import StationaryDistribution as StationaryDistribution
from markovgpt.analysis import communicating_classes as communicating_classes
from markovgpt.analysis import entropy_rate as entropy_rate
from markovgpt.analysis import greedy_ties as greedy_ties
from markovgpt.analysis import is_aperiodic as is_aperiodic
from markovgpt.analysis import is_irreducible as is_irreducible
from markovgpt.analysis import period as period
from markovgpt.analysis import recurrent_classes as recurrent_classes
from markovgpt.analysis import row_entropies as row_entropies
from markovgpt.analysis import stationary_distribution as stationary_distribution
from markovgpt.analysis import stationary_distributions as stationary_distributions
from markovgpt.chain import MarkovChain as MarkovChain
from markovgpt.chain import chain_from_table as chain_from_table
from markovgpt.chain import decode as decode
from markovgpt.decoding import Decoding as Decoding
from markovgpt.drawing import draw as draw
from markovgpt.enumeration import build_chain as build_chain
from markovgpt.errors import ArgumentError as ArgumentError
from markovgpt.errors import DataError as DataError
from markovgpt.errors import MarkovGPTError as MarkovGPTError
from markovgpt.errors import ModelError as ModelError
from markovgpt.errors import ModelLoadError as ModelLoadError
from markovgpt.errors import NotComputedError as NotComputedError
from markovgpt.errors import ReducibleChainError as ReducibleChainError
from markovgpt.errors import TableError as TableError
from markovgpt.errors import TooManyStatesError as TooManyStatesError
from markovgpt.model import LanguageModel as LanguageModel
from markovgpt.models.storage import save_model as save_model
from markovgpt.ngrams import DataComparison as DataComparison
from markovgpt.ngrams import NgramCounts as NgramCounts
from markovgpt.ngrams import compare_to_counts as compare_to_counts
from markovgpt.ngrams import count_ngrams as count_ngrams
from markovgpt.registry import list_models as list_models
from markovgpt.registry import load_model as load_model
from markovgpt.report import analyze as analyze
from markovgpt.statespace import StateSpace as StateSpace
from markovgpt.vocabulary import Vocabulary as Vocabulary

__version__: str
