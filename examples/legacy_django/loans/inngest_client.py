"""The library's client."""

import inngest

from legacy_django.loans.middleware import NoteReader

client = inngest.Inngest(app_id="library", middleware=[NoteReader])
