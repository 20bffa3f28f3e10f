"""Prints a page whose tags the helper of fixtures/flask writes.

python flask_page.py FOLDER MANIFEST ENTRY
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "fixtures/flask"))
from flask import Flask, render_template_string
from planish_flask import Planish

folder, manifest, entry = sys.argv[1:]
app = Flask(__name__, static_folder=folder, static_url_path="/static")
Planish(app, f"{folder}/{manifest}")


@app.get("/")
def page():
    return render_template_string("{{ planish_tags(entry) }}", entry=entry)


print(app.test_client().get("/").text)
