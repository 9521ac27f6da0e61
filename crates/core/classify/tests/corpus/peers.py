"""Runs other scanners over a folder and prints one JSON object: what each found, line by line, and the processor time it took.

Usage: peers.py kingfisher|detect-secrets|presidio FOLDER. The time to start (rules, imports) is measured on its own and told apart.
"""

import json
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

BIN = pathlib.Path(sys.executable).parent


def child(words, place=None):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=place)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return done.stdout, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def kingfisher(folder):
    def scan(place):
        words = [str(BIN / "kingfisher"), "scan", str(place), "-j", "1", "--format", "jsonl", "--no-validate", "--no-dedup"]
        return child([*words, "--max-file-size", "1024", "--no-update-check", "--git-history", "none"])

    with tempfile.TemporaryDirectory() as empty:
        (pathlib.Path(empty) / "a.txt").write_text("a\n")
        scan(empty)  # its cache of compiled rules is filled once
        _, start = scan(empty)
    text, seconds = scan(folder)
    found = []
    for line in text.splitlines():
        if line.startswith("{") and '"finding"' in line:
            record = json.loads(line)
            for one in record.get("findings", [record]):
                if "finding" in one:
                    finding = one["finding"]
                    found.append([os.path.basename(finding["path"]), finding["line"], one["rule"]["id"]])
    return found, seconds - start, start


def detect_secrets(folder):
    def scan(place):
        # It passes over what lies outside the folder in which it runs.
        return child([str(BIN / "detect-secrets"), "-c", "1", "scan", "--all-files", "--no-verify", "."], place)

    with tempfile.TemporaryDirectory() as empty:
        (pathlib.Path(empty) / "a.txt").write_text("a\n")
        _, start = scan(empty)
    text, seconds = scan(folder)
    results = json.loads(text)["results"]
    found = [[os.path.basename(path), one["line_number"], one["type"]] for path, ones in results.items() for one in ones]
    return found, seconds - start, start


def presidio(folder):
    begun = time.process_time()
    import spacy
    import tldextract
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
    from presidio_analyzer.nlp_engine import NlpArtifacts, NlpEngine

    # The list of domains that comes with the package: no network.
    tldextract.extract = tldextract.TLDExtract(suffix_list_urls=())

    class Words(NlpEngine):
        """Words without a model: recognisers by pattern and their context words, no named entities."""

        def __init__(self):
            self.nlp = spacy.blank("en")
            self.nlp.max_length = 1 << 30

        def load(self):
            pass

        def is_loaded(self):
            return True

        def process_text(self, text, language):
            doc = self.nlp(text)
            lemmas = [token.text.lower() for token in doc]
            return NlpArtifacts([], doc, [token.idx for token in doc], lemmas, self, language, [])

        def process_batch(self, texts, language, batch_size=1, n_process=1, **_):
            for text in texts:
                yield text, self.process_text(text, language)

        def is_stopword(self, word, language):
            return self.nlp.vocab[word].is_stop

        def is_punct(self, word, language):
            return self.nlp.vocab[word].is_punct

        def get_supported_entities(self):
            return []

        def get_supported_languages(self):
            return ["en"]

    registry = RecognizerRegistry()
    registry.load_predefined_recognizers(languages=["en"])
    registry.recognizers = [one for one in registry.recognizers if "Spacy" not in type(one).__name__]
    engine = AnalyzerEngine(registry=registry, nlp_engine=Words(), supported_languages=["en"])
    start = time.process_time() - begun
    begun = time.process_time()
    found = []
    for path in sorted(pathlib.Path(folder).iterdir()):
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            if line.strip():
                for one in engine.analyze(line, language="en", score_threshold=0.4):
                    found.append([path.name, number, one.entity_type])
    return found, time.process_time() - begun, start


def main():
    name, folder = sys.argv[1:3]
    run = {"kingfisher": kingfisher, "detect-secrets": detect_secrets, "presidio": presidio}[name]
    found, seconds, start = run(folder)
    json.dump({"found": found, "seconds": seconds, "start_seconds": start}, sys.stdout)
    print()


main()
