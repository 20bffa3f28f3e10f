"""Prints what Django's ManifestStaticFilesStorage makes of names, and what WhiteNoise answers for the URLs, as JSON:
{ name: { url, status, cache, encoding, type } }.

python whitenoise_page.py FOLDER NAME...
"""

import json
import sys

import django
from django.conf import settings
from django.template import Context, Engine
from django.test import Client

folder, *names = sys.argv[1:]
settings.configure(
    ALLOWED_HOSTS=["testserver"],
    INSTALLED_APPS=["django.contrib.staticfiles"],
    MIDDLEWARE=["whitenoise.middleware.WhiteNoiseMiddleware"],
    ROOT_URLCONF=type("urls", (), {"urlpatterns": []}),
    STATIC_URL="/static/",
    STATIC_ROOT=folder,
    STORAGES={"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"}},
)
django.setup()
template = Engine(builtins=["django.templatetags.static"]).from_string("{% static name %}")
client = Client(headers={"accept-encoding": "gzip, br"})


def asked(name):
    url = template.render(Context({"name": name}))
    answer = client.get(url)
    return {
        "url": url,
        "status": answer.status_code,
        "cache": answer.headers.get("Cache-Control"),
        "encoding": answer.headers.get("Content-Encoding"),
        "type": answer.headers.get("Content-Type"),
    }


print(json.dumps({name: asked(name) for name in names}))
