"""What a hostile or broken hub does; everything is off at first."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Faults:
    #: the storage sends the whole file whatever range is asked for
    ignore_range: bool = False
    #: the storage sends this many bytes less than it announces
    short: int = 0
    #: the storage names another range than it was asked for
    wrong_range: bool = False
    #: the storage names another version of the file on every answer
    changing: bool = False
    #: redirects lead back to where they came from
    redirect_loop: bool = False
    #: the redirect's hash is not the listed one
    wrong_hash: bool = False
    #: no hash in the redirect at all
    no_linked_etag: bool = False
    #: signed addresses work this often, then never again
    expire_after: int | None = None
    #: the list of files goes on at this address
    next_page: str | None = None
    #: the list of files never ends
    endless_pages: bool = False
    #: files per page
    page: int = 1000
    #: models per page of a list
    list_page: int = 1000
    #: this many answers are 429 first, with a reset in so many seconds
    limited: int = 0
    limited_seconds: int = 0
    #: this many answers of the storage are 503 first
    broken: int = 0
    #: the storage breaks after so many answers
    breaks_after: int | None = None
    #: seconds between single bytes of the storage
    drip: float = 0.0
    #: the model is shown, but its files are not handed out
    gated_files: bool = False
    #: seconds between single bytes of the headers, of hub and storage
    drip_headers: float = 0.0
    #: seconds between single bytes of what the hub says about a model
    drip_metadata: float = 0.0
    #: what every question about a model is answered with: gated, missing, disabled, revision
    refusal: str | None = None
    #: the token without which nothing is shown
    token: str | None = None
    #: names that Kaggle lists beside the real ones
    listed_names: tuple[str, ...] = ()
    #: Kaggle answers 200 with an error in the body
    kaggle_code: int = 0
    #: Kaggle lists every file as empty
    shown_empty: bool = False
    #: Kaggle hands out the whole bundle, but no single files
    bundle_only: bool = False
    #: Kaggle's storage sends a wrong md5
    wrong_md5: bool = False
