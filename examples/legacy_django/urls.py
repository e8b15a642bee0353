"""Pages and endpoints."""

import inngest.django
from django.urls import path

from legacy_django import views
from legacy_django.loans import tasks as loans
from legacy_django.loans.inngest_client import client
from legacy_django.members import tasks as members
from legacy_django.reports import tasks as reports

urlpatterns = [
    path("health", views.health),
    path("loans", views.lend),
    path("loans/<str:loan>/return", views.bring_back),
    path("members", views.join),
    path("members/<str:member>/close", views.close),
    path("reports/<str:month>", views.ask_for_report),
    inngest.django.serve(client, [*loans.FUNCTIONS, *members.FUNCTIONS]),
    inngest.django.serve(
        reports.reports_client,
        reports.SERVED,
        serve_path="/api/inngest-reports",
    ),
]
