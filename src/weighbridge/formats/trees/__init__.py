"""Boosted trees: XGBoost, LightGBM, CatBoost.

Their native readers take children, features and counts from the file as they are, so what is held
against the file here is that these numbers fit together.

| module | does |
| --- | --- |
| `ubjson` | reads XGBoost's binary form of JSON |
| `xgboost` | checks an XGBoost model, whatever form it was read from |
| `xgboost_file` | recognises XGBoost's binary files |
| `lightgbm` | reads LightGBM's text |
| `catboost` | reads CatBoost's header and tables |
"""
