"""Django's settings, all from the environment (docs/reference/platform-settings.md).

Names that begin with ``WEIGHBRIDGE_`` are ours; the rest is Django's own.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from weighbridge.platform.environment import Environment, secret_key, wrong
from weighbridge.platform.hub_access import hub_access
from weighbridge.platform.mailing import mail

_environment = Environment()

# -- where things are -----------------------------------------------------------------------------

WEIGHBRIDGE_DATA = _environment.data_folder()
# Workers on other machines need a folder that all of them share.
WEIGHBRIDGE_SPOOL = Path(_environment.text("SPOOL") or WEIGHBRIDGE_DATA / "spool")
WEIGHBRIDGE_SPOOL.mkdir(mode=0o700, parents=True, exist_ok=True)
WEIGHBRIDGE_URL = _environment.address("URL", "http://127.0.0.1:8470")
SECRET_KEY = secret_key(_environment, WEIGHBRIDGE_DATA)
DATABASES = {"default": _environment.database(WEIGHBRIDGE_DATA)}
EMBEDDED = DATABASES["default"]["ENGINE"].endswith("sqlite3")

# -- what is ours ---------------------------------------------------------------------------------

WEIGHBRIDGE_ISSUER = _environment.text("ISSUER", "Weighbridge")
WEIGHBRIDGE_WS_PREFIX = _environment.text("WS_PREFIX", "WS")
WEIGHBRIDGE_MSC_PREFIX = _environment.text("MSC_PREFIX", "MSC")
for _name, _prefix in (
    ("WS_PREFIX", WEIGHBRIDGE_WS_PREFIX),
    ("MSC_PREFIX", WEIGHBRIDGE_MSC_PREFIX),
):
    if not (_prefix.isascii() and _prefix.isalpha() and _prefix.isupper()):
        raise wrong(_name, "must be capital letters, such as WS")
if WEIGHBRIDGE_WS_PREFIX == WEIGHBRIDGE_MSC_PREFIX:
    raise wrong("WS_PREFIX", "must differ from the prefix of the other identifier")
WEIGHBRIDGE_FOUR_EYES = _environment.flag("FOUR_EYES", True)
WEIGHBRIDGE_CLAIM_HOURS = _environment.number("CLAIM_HOURS", 24, least=1)
WEIGHBRIDGE_LOCAL_ROOTS = _environment.folders("LOCAL_ROOTS")
WEIGHBRIDGE_UPLOAD_MAX_BYTES = _environment.number("UPLOAD_MAX_BYTES", 2 << 30, least=1)
WEIGHBRIDGE_UPLOAD_QUOTA_BYTES = _environment.number("UPLOAD_QUOTA_BYTES", 20 << 30, least=1)
WEIGHBRIDGE_SCAN_LEASE_SECONDS = _environment.number("SCAN_LEASE_SECONDS", 120, least=5)
WEIGHBRIDGE_SCAN_ATTEMPTS = _environment.number("SCAN_ATTEMPTS", 3, least=1)
WEIGHBRIDGE_SCAN_JOBS = _environment.number("SCAN_JOBS", 0)
# Messages about work go through this broker; without one workers look into the database alone.
WEIGHBRIDGE_BROKER_URL = _environment.broker()
WEIGHBRIDGE_RECONCILE_SECONDS = _environment.number("RECONCILE_SECONDS", 60, least=1)
# How hubs are reached. Nobody who asks for a scan has a say in it.
WEIGHBRIDGE_HUBS = hub_access(_environment)
WEIGHBRIDGE_HUGGINGFACE_WEBHOOK_SECRET = _environment.text("HUGGINGFACE_WEBHOOK_SECRET")
WEIGHBRIDGE_METRICS_TOKEN = _environment.text("METRICS_TOKEN")
WEIGHBRIDGE_DOWNLOAD_MAX_BYTES = _environment.number("DOWNLOAD_MAX_BYTES", 2 << 30, least=1)
WEIGHBRIDGE_ANONYMOUS_LOOKUP = _environment.flag("ANONYMOUS_LOOKUP")
WEIGHBRIDGE_THROTTLE = _environment.flag("THROTTLE", True)
# For tests only: webhooks may then go to this machine over http.
WEIGHBRIDGE_WEBHOOKS_TO_LOOPBACK = _environment.flag("WEBHOOKS_TO_LOOPBACK")

# -- e-mail: none is sent unless a server is named -------------------------------------------------

_MAIL = mail(_environment)
WEIGHBRIDGE_MAIL = "EMAIL_HOST" in _MAIL
globals().update(_MAIL)
DEFAULT_FROM_EMAIL = _environment.text("MAIL_FROM", "weighbridge@localhost")

# -- Django ---------------------------------------------------------------------------------------

DEBUG = False
ROOT_URLCONF = "weighbridge.platform.urls"
WSGI_APPLICATION = "weighbridge.platform.wsgi.application"
AUTH_USER_MODEL = "accounts.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
USE_I18N = False
APPEND_SLASH = False

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "axes",
    "django_htmx",
    "ninja",
    "weighbridge.platform.accounts",
    "weighbridge.platform.audit",
    "weighbridge.platform.catalog",
    "weighbridge.platform.scans",
    "weighbridge.platform.cases",
    "weighbridge.platform.advisories",
    "weighbridge.platform.publications",
    "weighbridge.platform.inventories",
    "weighbridge.platform.notices",
    "weighbridge.platform.monitors",
    "weighbridge.platform.api",
    "weighbridge.platform.web",
]
MIDDLEWARE = [
    "weighbridge.platform.web.middleware.request_id",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "weighbridge.platform.web.middleware.content_security_policy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
    "weighbridge.platform.web.middleware.Refusals",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "weighbridge.platform.web.context.platform",
            ],
            "builtins": ["weighbridge.platform.web.templatetags.weighbridge"],
        },
    }
]

# -- people ---------------------------------------------------------------------------------------

PASSWORD_HASHERS = [
    *(["django.contrib.auth.hashers.Argon2PasswordHasher"] if find_spec("argon2") else []),
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
] + [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    }
]
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
LOGIN_URL = "/login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_CLIENT_IP_CALLABLE = "weighbridge.platform.web.middleware.peer_address"
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "weighbridge.platform.web.errors.forged"

# -- how it is reached ----------------------------------------------------------------------------

_HOST = urlsplit(WEIGHBRIDGE_URL).hostname or "localhost"
WEIGHBRIDGE_HTTPS = _environment.flag("HTTPS", WEIGHBRIDGE_URL.startswith("https://"))
ALLOWED_HOSTS = _environment.words("HOSTS") or sorted({"localhost", "127.0.0.1", "[::1]", _HOST})
if "*" in ALLOWED_HOSTS:
    raise wrong("HOSTS", "must name the hosts, such as registry.example.org")
CSRF_TRUSTED_ORIGINS = [WEIGHBRIDGE_URL]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = WEIGHBRIDGE_HTTPS
SECURE_HSTS_SECONDS = _environment.number("HSTS_SECONDS", 31_536_000 if WEIGHBRIDGE_HTTPS else 0)
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# Only where the one proxy in front sets it on every request and drops what clients send.
if _environment.flag("BEHIND_TLS_PROXY"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
WHITENOISE_MAX_AGE = 3600

DATA_UPLOAD_MAX_MEMORY_SIZE = 2 << 20
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200
DATA_UPLOAD_MAX_NUMBER_FILES = 20
FILE_UPLOAD_HANDLERS = ["weighbridge.platform.api.uploads.BoundedUploadHandler"]
FILE_UPLOAD_TEMP_DIR = str(WEIGHBRIDGE_SPOOL)
FILE_UPLOAD_PERMISSIONS = 0o600

# Counters of throttles: one store that all web processes share.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
        "LOCATION": str(WEIGHBRIDGE_DATA / "cache"),
        "OPTIONS": {"MAX_ENTRIES": 10_000},
    }
    if EMBEDDED
    else {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "weighbridge_cache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}

# -- logs: one JSON object per line, on standard error --------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "weighbridge.platform.logs.JsonFormatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["stderr"], "level": _environment.text("LOG_LEVEL", "INFO").upper()},
    "loggers": {
        "django": {"handlers": [], "propagate": True, "level": "WARNING"},
        "django.server": {"handlers": [], "propagate": True, "level": "WARNING"},
        "axes": {"level": "WARNING"},
        "httpx": {"level": "WARNING"},
        "httpx2": {"level": "WARNING"},
    },
}

# -- single sign-on, when it is configured --------------------------------------------------------

WEIGHBRIDGE_OIDC_URL = _environment.text("OIDC_URL")
if WEIGHBRIDGE_OIDC_URL:
    from weighbridge.platform.accounts.oidc import configure

    configure(globals(), _environment)
