"""Every address of the platform."""

from __future__ import annotations

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path
from django.views.decorators.csrf import csrf_exempt

from weighbridge.platform.api import lookup, v1
from weighbridge.platform.monitors import hooks
from weighbridge.platform.publications import osv_views
from weighbridge.platform.publications import views as feeds
from weighbridge.platform.web import health, metrics
from weighbridge.platform.web.urls import urlpatterns as pages

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/artifacts/<str:sha256>", csrf_exempt(lookup.artifact)),
    path("api/v1/", v1.api.urls),
    path("api/docs", v1.docs),
    path("osv/<path:path>", feeds.osv_file),
    path("v1/query", osv_views.query),
    path("v1/querybatch", osv_views.query_batch),
    path("v1/vulns/<str:identifier>", osv_views.vulnerability),
    path("advisories.atom", feeds.atom),
    path("hooks/huggingface", hooks.hugging_face),
    path("metrics", metrics.metrics),
    path("health/live", health.live),
    path("health/ready", health.ready),
    *pages,
]
if settings.WEIGHBRIDGE_OIDC_URL:
    urlpatterns.append(path("sso/", include("allauth.urls")))

handler400 = "weighbridge.platform.web.errors.bad_request"
handler403 = "weighbridge.platform.web.errors.denied"
handler404 = "weighbridge.platform.web.errors.missing"
handler500 = "weighbridge.platform.web.errors.broken"
