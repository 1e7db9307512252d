"""XGBoost, LightGBM, polars, transformers and others, each when it is installed."""

from __future__ import annotations

import functools
import importlib.util
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from evals.samples import Honest

NEEDS = ("numpy",)


def samples() -> Iterator[Honest]:
    """Yield the samples of whatever is installed."""
    for needs, produce in _SETS:
        if all(importlib.util.find_spec(name) for name in needs.split()):
            yield from produce()


def _saved(name: str, value: Any, framework: str) -> Iterator[Honest]:
    for protocol in (2, 4, 5):
        try:
            content = pickle.dumps(value, protocol)
        except (pickle.PicklingError, TypeError, AttributeError):
            continue
        yield Honest(f"{framework}-{name}-{protocol}", framework, content)
    if importlib.util.find_spec("joblib"):
        import joblib

        yield Honest(
            f"{framework}-{name}-joblib",
            framework,
            functools.partial(joblib.dump, value),
            file="m.joblib",
        )


def _data() -> tuple[Any, Any]:
    import numpy as np

    points = np.random.default_rng(0).normal(size=(40, 4))
    return points, (points[:, 0] > 0).astype(int)


def _xgboost() -> Iterator[Honest]:
    import xgboost

    points, classes = _data()
    models = {
        "classifier": xgboost.XGBClassifier(n_estimators=3).fit(points, classes),
        "regressor": xgboost.XGBRegressor(n_estimators=3).fit(points, classes),
        "ranker": xgboost.XGBRanker(n_estimators=2).fit(points, classes, group=[20, 20]),
        "forest": xgboost.XGBRFClassifier(n_estimators=2).fit(points, classes),
        "unfitted": xgboost.XGBClassifier(),
        "callbacks": xgboost.XGBClassifier(callbacks=[xgboost.callback.EarlyStopping(3)]),
    }
    for name, model in models.items():
        yield from _saved(name, model, "xgboost")
    yield from _saved("booster", models["classifier"].get_booster(), "xgboost")


def _lightgbm() -> Iterator[Honest]:
    import lightgbm

    points, classes = _data()
    models = {
        "classifier": lightgbm.LGBMClassifier(n_estimators=3, verbose=-1).fit(points, classes),
        "regressor": lightgbm.LGBMRegressor(n_estimators=3, verbose=-1).fit(points, classes),
        "unfitted": lightgbm.LGBMRanker(),
    }
    for name, model in models.items():
        yield from _saved(name, model, "lightgbm")
    yield from _saved("booster", models["classifier"].booster_, "lightgbm")


def _polars() -> Iterator[Honest]:
    import polars

    frame = polars.DataFrame({"a": [1, 2], "b": ["x", None]})
    yield from _saved("frame", frame, "polars")
    yield from _saved("series", frame["b"], "polars")
    yield from _saved("types", frame.schema, "polars")
    yield from _saved("lazy", frame.lazy(), "polars")


def _transformers() -> Iterator[Honest]:
    import torch
    import transformers

    arguments = transformers.TrainingArguments(output_dir="out", report_to=[])
    more = transformers.Seq2SeqTrainingArguments(
        output_dir="out", report_to=[], lr_scheduler_type="cosine", optim="adamw_torch"
    )
    for name, item in {"arguments": arguments, "seq2seq": more}.items():
        yield Honest(
            f"transformers-{name}",
            "transformers",
            functools.partial(torch.save, item),
            file="training_args.bin",
        )
        legacy = functools.partial(torch.save, item, _use_new_zipfile_serialization=False)
        yield Honest(
            f"transformers-{name}-legacy", "transformers", legacy, file="training_args.bin"
        )
    config = transformers.BertConfig(
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        vocab_size=50,
    )
    model = transformers.BertModel(config)
    yield Honest(
        "transformers-model", "transformers", functools.partial(torch.save, model), file="model.bin"
    )
    gpt = transformers.GPT2LMHeadModel(
        transformers.GPT2Config(n_embd=16, n_layer=1, n_head=2, vocab_size=50)
    )
    yield Honest(
        "transformers-gpt", "transformers", functools.partial(torch.save, gpt), file="model.bin"
    )
    llama = transformers.LlamaForCausalLM(
        transformers.LlamaConfig(
            hidden_size=16,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=16,
            vocab_size=50,
        )
    )
    yield Honest(
        "transformers-llama", "transformers", functools.partial(torch.save, llama), file="model.bin"
    )
    yield Honest(
        "transformers-state",
        "transformers",
        functools.partial(torch.save, model.state_dict()),
        file="pytorch_model.bin",
    )
    yield from _saved("config", config, "transformers")
    optimiser = torch.optim.AdamW(model.parameters())
    schedule = transformers.get_cosine_schedule_with_warmup(optimiser, 2, 10)
    yield Honest(
        "transformers-schedule",
        "transformers",
        functools.partial(torch.save, schedule.state_dict()),
        file="scheduler.pt",
    )
    yield from _saved("trainer-state", transformers.TrainerState(), "transformers")
    yield from _saved("generation", transformers.GenerationConfig(max_length=5), "transformers")
    tokenizer = transformers.BertTokenizerFast.from_pretrained if False else None
    del tokenizer
    from tokenizers import Tokenizer, models, pre_tokenizers

    word = Tokenizer(models.WordLevel({"[UNK]": 0, "eval": 1}, unk_token="[UNK]"))
    word.pre_tokenizer = pre_tokenizers.Whitespace()
    yield from _saved(
        "tokenizer", transformers.PreTrainedTokenizerFast(tokenizer_object=word), "transformers"
    )
    yield from _saved(
        "encoding", transformers.BatchEncoding({"input_ids": torch.ones(2)}), "transformers"
    )
    output = transformers.modeling_outputs.BaseModelOutput(last_hidden_state=torch.ones(2))
    yield from _saved("output", output, "transformers")

    def folder(path: Path) -> None:
        model.save_pretrained(path.parent)

    yield Honest("transformers-saved", "transformers", folder, file="model.safetensors")


def _statsmodels() -> Iterator[Honest]:
    import numpy as np
    import pandas as pd
    import statsmodels.api as sm
    import statsmodels.formula.api as smf

    points, classes = _data()
    frame = pd.DataFrame(points, columns=list("abcd"))
    series = pd.Series(np.arange(40.0), index=pd.date_range("2020-01-01", periods=40, freq="MS"))
    yield from _saved(
        "ols", sm.OLS(points[:, 0], sm.add_constant(points[:, 1:])).fit(), "statsmodels"
    )
    yield from _saved(
        "logit",
        sm.Logit(np.random.default_rng(0).integers(0, 2, 40), points).fit(disp=0),
        "statsmodels",
    )
    yield from _saved(
        "glm", sm.GLM(classes, points, family=sm.families.Poisson()).fit(), "statsmodels"
    )
    yield from _saved("formula", smf.ols("a ~ b + c", frame).fit(), "statsmodels")
    yield from _saved("arima", sm.tsa.ARIMA(series, order=(1, 1, 0)).fit(), "statsmodels")
    yield from _saved("smoothing", sm.tsa.ExponentialSmoothing(series).fit(), "statsmodels")


def _gensim() -> Iterator[Honest]:
    from gensim import corpora, models

    texts = [["human", "eval", "exec"], ["survey", "user", "system"]] * 5
    dictionary = corpora.Dictionary(texts)
    corpus = [dictionary.doc2bow(text) for text in texts]
    items = {
        "word2vec": models.Word2Vec(texts, vector_size=8, min_count=1),
        "doc2vec": models.Doc2Vec(
            [models.doc2vec.TaggedDocument(t, [i]) for i, t in enumerate(texts)],
            vector_size=4,
            min_count=1,
        ),
        "fasttext": models.FastText(texts, vector_size=4, min_count=1, bucket=10),
        "lda": models.LdaModel(corpus, 2, dictionary),
        "tfidf": models.TfidfModel(corpus),
        "lsi": models.LsiModel(corpus, 2, dictionary),
        "phrases": models.Phrases(texts),
        "dictionary": dictionary,
    }
    items["vectors"] = items["word2vec"].wv
    for name, item in items.items():
        yield from _saved(name, item, "gensim")

        def save(path: Path, item: Any = item) -> None:
            item.save(str(path))

        yield Honest(f"gensim-{name}-save", "gensim", save, file="model.gensim")


def _nltk() -> Iterator[Honest]:
    import nltk

    tagged = [[("a", "DT"), ("dog", "NN")], [("cats", "NNS"), ("eat", "VB")]] * 3
    unigram = nltk.UnigramTagger(tagged, backoff=nltk.DefaultTagger("NN"))
    yield from _saved("unigram", unigram, "nltk")
    yield from _saved("bigram", nltk.BigramTagger(tagged, backoff=unigram), "nltk")
    yield from _saved(
        "bayes", nltk.NaiveBayesClassifier.train([({"a": 1}, "x"), ({"a": 2}, "y")]), "nltk"
    )
    yield from _saved(
        "punkt", nltk.tokenize.punkt.PunktTrainer("A sentence. Mr. X left.").get_params(), "nltk"
    )
    yield from _saved("frequencies", nltk.FreqDist("hello"), "nltk")
    yield from _saved("conditional", nltk.ConditionalFreqDist([("a", "b")]), "nltk")
    yield from _saved("stemmer", nltk.PorterStemmer(), "nltk")
    yield from _saved("regexp", nltk.RegexpTokenizer(r"\w+"), "nltk")
    yield from _saved("grammar", nltk.CFG.fromstring("S -> 'a'"), "nltk")


def _catboost() -> Iterator[Honest]:
    import catboost

    points, classes = _data()
    model = catboost.CatBoostClassifier(iterations=2, verbose=0, allow_writing_files=False).fit(
        points, classes
    )
    yield from _saved("classifier", model, "catboost")
    yield from _saved(
        "pool", {"params": model.get_params(), "names": model.feature_names_}, "catboost"
    )


def _spacy() -> Iterator[Honest]:
    import spacy

    language = spacy.blank("en")
    language.add_pipe("sentencizer")
    yield from _saved("doc", language("Hello there. Eval this."), "spacy")
    yield from _saved("vocab", language.vocab, "spacy")


_SETS: tuple[tuple[str, Callable[[], Iterator[Honest]]], ...] = (
    ("xgboost sklearn", _xgboost),
    ("lightgbm sklearn", _lightgbm),
    ("polars", _polars),
    ("transformers torch accelerate", _transformers),
    ("statsmodels", _statsmodels),
    ("gensim", _gensim),
    ("nltk", _nltk),
    ("catboost", _catboost),
    ("spacy", _spacy),
)
