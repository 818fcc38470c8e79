"""Requests as they are, without a signature and without a client's help."""

import json

import urllib3

HTTP = urllib3.PoolManager(retries=False)


class Answer:
    def __init__(self, answer):
        self.status_code = answer.status
        self.headers = answer.headers
        self.text = answer.data.decode(errors="replace")

    def json(self):
        return json.loads(self.text)


def get(url, headers=None):
    return Answer(HTTP.request("GET", url, headers=headers, redirect=False))


def put(url, data=b"", headers=None):
    return Answer(HTTP.request("PUT", url, body=data, headers=headers, redirect=False))


def post_form(url, fields):
    """A form; a field is a text, or a pair of file name and content."""
    return Answer(HTTP.request("POST", url, fields=list(fields.items()), redirect=False))
