"""Prints a page whose tags django-vite writes.

python django_vite_page.py FOLDER MANIFEST ENTRY
"""

import sys

import django
from django.conf import settings
from django.template import Context, Engine

folder, manifest, entry = sys.argv[1:]
settings.configure(
    INSTALLED_APPS=["django.contrib.staticfiles", "django_vite"],
    STATIC_URL="/static/",
    STATIC_ROOT=folder,
    DJANGO_VITE={"default": {"dev_mode": False, "manifest_path": f"{folder}/{manifest}"}},
)
django.setup()
engine = Engine(libraries={"django_vite": "django_vite.templatetags.django_vite"})
print(engine.from_string("{% load django_vite %}{% vite_asset entry %}").render(Context({"entry": entry})))
