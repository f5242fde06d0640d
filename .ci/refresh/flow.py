"""What the test of the refresh runs against: a provider, `origin`, a checkout of it, and GitHub."""

import json
import os
import shutil
import subprocess
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
GUIDE = "skills/bailian-docs-llm-wiki/raw/model-user-guide"
PAGES = f"{GUIDE}/get-started-with-models"
CARDS = f"{GUIDE}/support/model-studio-model-list"
RELEASES = f"{GUIDE}/release-notes"
BRANCH = "refresh-tables"


class Flow:
    """A provider, an `origin`, a checkout of it, and GitHub."""

    def __init__(self, scratch):
        self.github = scratch / "github"
        self.checkout = scratch / "checkout"
        self.provider = scratch / "provider"
        self.result = scratch / "result"
        self.template = scratch / "template.git"
        self.output = ""
        for folder in (self.checkout, self.template):
            shutil.rmtree(folder, ignore_errors=True)
        self.checkout.mkdir(parents=True)
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "GITHUB_"))}
        self.environment = environment | {
            "CARGO_TARGET_DIR": str(scratch / "target"),
            "FAKE_GITHUB": str(self.github),
            "GIT_CONFIG_GLOBAL": str(scratch / "gitconfig"),
            "GIT_CONFIG_NOSYSTEM": "1",
            "PATH": f"{REPOSITORY}/.ci/refresh/fake:{os.environ['PATH']}",
            "REFRESH_RETRY_DELAYS": "0 0",
        }
        config = "[user]\nname = Ada\nemail = ada@example.org\n[init]\ndefaultBranch = main\n"
        (scratch / "gitconfig").write_text(config)
        self.make_template()

    def make_template(self):
        """Makes a repository whose tables have the data of the pages, also when newer data is committed."""
        files = self.run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", cwd=REPOSITORY)
        for file in filter(None, files.split("\0")):
            if (REPOSITORY / file).is_file():
                (self.checkout / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(REPOSITORY / file, self.checkout / file)
        data = self.checkout / "xtask/data"
        for file in ("models-2026-10-09.tsv", "lifecycle-2026-08.tsv"):
            for newer in data.glob(f"{file.partition('-')[0]}-*.tsv"):
                newer.unlink()
            shutil.copy(REPOSITORY / "xtask/tests/pages" / file, data)
        self.make_provider("main")
        self.run("git", "init", "--quiet")
        self.run("cargo", "xtask", "import", str(self.provider))
        self.commit(self.checkout, "Add everything")
        self.run("git", "clone", "--quiet", "--bare", str(self.checkout), str(self.template))
        self.run("git", "remote", "add", "origin", str(self.github / "origin.git"))

    def reset(self):
        """Makes everything as if the job had never run."""
        shutil.rmtree(self.github, ignore_errors=True)
        self.github.mkdir()
        shutil.copytree(self.template, self.github / "origin.git")
        state = {"pulls": [], "issues": [], "comments": [], "labels": []}
        (self.github / "state.json").write_text(json.dumps(state))
        self.make_provider("main")
        self.main = self.origin("rev-parse", "main")

    def make_provider(self, branch):
        shutil.rmtree(self.provider, ignore_errors=True)
        folder = self.provider / PAGES
        folder.mkdir(parents=True)
        pages = REPOSITORY / "xtask/tests/pages"
        shutil.copy(pages / "rate-limit-2026-10-09.md", folder / "rate-limit.md")
        shutil.copy(pages / "quota-management.md", folder)
        shutil.copytree(pages / "cards-2026-08-20", self.provider / CARDS)
        (self.provider / RELEASES).mkdir()
        shutil.copy(pages / "model-depreciation-2026-08-05.md", self.provider / RELEASES / "model-depreciation.md")
        self.run("git", "init", "--quiet", "--initial-branch", branch, cwd=self.provider)
        self.commit(self.provider, "Add the documentation", "2026-10-31")

    def commit_page(self, old, new, date):
        """Replaces a text of the rate limit page. Without a text, commits no change."""
        path = self.provider / PAGES / "rate-limit.md"
        text = path.read_text()
        expect(old in text, f"the page has no {old!r}")
        path.write_text(text.replace(old, new, 1))
        self.commit(self.provider, "Update the documentation", date)

    def refresh_expecting(self, calls, accept=(), checks="true", code=0):
        """Runs the job in a new checkout, and expects that it changes GitHub with these calls."""
        self.run("git", "fetch", "--quiet", "--prune", "origin", "+refs/heads/*:refs/remotes/origin/*")
        self.run("git", "switch", "--quiet", "--force-create", "main", "origin/main")
        self.script("prepare", f"file://{self.provider}", self.result, *accept, REFRESH_CHECKS=checks)
        self.publish(calls, code)
        equal(self.origin("rev-parse", "main"), self.main)

    def publish(self, calls, code):
        (self.github / "calls").write_text("")
        equal(self.script("publish", self.result), code)
        equal((self.github / "calls").read_text().splitlines(), calls)

    def script(self, name, *arguments, **variables):
        """Runs a script of the job. Returns its exit code."""
        command = [self.checkout / ".ci/refresh" / name, *arguments]
        done = subprocess.run(
            command, cwd=self.checkout, env=self.environment | variables, capture_output=True, text=True
        )
        self.output = done.stdout + done.stderr
        return done.returncode

    def state(self, kind, **fields):
        """Returns the pull requests, issues or comments with these values."""
        items = json.loads((self.github / "state.json").read_text())[kind]
        return [item for item in items if all(item[name] == value for name, value in fields.items())]

    def only(self, kind, **fields):
        found = self.state(kind, **fields)
        expect(len(found) == 1, f"expected one of {kind} with {fields}, found {found}")
        return found[0]

    def close(self, number):
        """Closes a pull request, as a person does."""
        path = self.github / "state.json"
        state = json.loads(path.read_text())
        for pull in state["pulls"]:
            if pull["number"] == number:
                pull["state"] = "closed"
                pull["head"]["sha"] = self.origin("rev-parse", BRANCH)
        path.write_text(json.dumps(state))

    def push(self, branch, file, text):
        """Pushes a commit to `origin`, as a person does."""
        self.run("git", "fetch", "--quiet", "origin", branch)
        self.run("git", "switch", "--quiet", "--detach", "FETCH_HEAD")
        with open(self.checkout / file, "a") as content:
            content.write(text)
        self.commit(self.checkout, "Edit by hand")
        self.run("git", "push", "--quiet", "origin", f"HEAD:{branch}")
        if branch == "main":
            self.main = self.origin("rev-parse", "main")

    def commit(self, folder, message, date=None):
        dates = {"GIT_COMMITTER_DATE": f"{date}T12:00:00Z"} if date else {}
        self.run("git", "add", "--all", cwd=folder)
        self.run("git", "commit", "--quiet", "--allow-empty", "--message", message, cwd=folder, **dates)

    def branches(self):
        return self.origin("branch", "--format=%(refname:short)").splitlines()

    def origin(self, *arguments):
        return self.run("git", "--git-dir", str(self.github / "origin.git"), *arguments).strip()

    def run(self, *command, cwd=None, **variables):
        done = subprocess.run(
            command, cwd=cwd or self.checkout, env=self.environment | variables, capture_output=True, text=True
        )
        expect(done.returncode == 0, f"{' '.join(command)} failed: {done.stdout}{done.stderr}")
        return done.stdout


def expect(condition, message):
    if not condition:
        raise AssertionError(message)


def equal(found, expected):
    expect(found == expected, f"expected {expected!r}, found {found!r}")


def contains(text, *parts):
    for part in parts:
        expect(part in text, f"expected {part!r} in:\n{text}")


def excludes(text, *parts):
    for part in parts:
        expect(part not in text, f"unexpected {part!r} in:\n{text}")
