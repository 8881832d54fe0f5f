"""Chinese text of customers: words, keywords, topics, the experience lexicon 体验辞典, sentiment.

What is given are columns (Series) of texts; what comes back is as long and in
the same order, or one row per mention.  A model is a frozen dataclass with
``apply``; nothing learnt is kept in a pickle.
"""

from crm_lib.text.duplicates import group_texts, split_grouped
from crm_lib.text.evaluation import evaluate_sentiment
from crm_lib.text.keywords import rank_keywords
from crm_lib.text.lexicon import Lexicon, LexiconEntry, code_experience, read_lexicon
from crm_lib.text.mentions import find_mentions
from crm_lib.text.model_files import load_sentiment, save_sentiment
from crm_lib.text.search import SearchIndex, build_index, search_pages
from crm_lib.text.search_measure import measure_search, measure_searches
from crm_lib.text.search_query import QueryError, read_query
from crm_lib.text.search_snippets import make_snippet, mark_snippet
from crm_lib.text.sentiment import FewTextsWarning, SentimentModel, fit_sentiment
from crm_lib.text.topic_model import NoTopicsWarning, TopicModel, find_topics
from crm_lib.text.topics import match_topics, read_topics
from crm_lib.text.words import count_words, segment_words

__all__ = [
    "FewTextsWarning",
    "Lexicon",
    "LexiconEntry",
    "NoTopicsWarning",
    "QueryError",
    "SearchIndex",
    "SentimentModel",
    "TopicModel",
    "build_index",
    "code_experience",
    "count_words",
    "evaluate_sentiment",
    "find_mentions",
    "find_topics",
    "fit_sentiment",
    "group_texts",
    "load_sentiment",
    "make_snippet",
    "mark_snippet",
    "match_topics",
    "measure_search",
    "measure_searches",
    "rank_keywords",
    "read_lexicon",
    "read_query",
    "read_topics",
    "save_sentiment",
    "search_pages",
    "segment_words",
    "split_grouped",
]
