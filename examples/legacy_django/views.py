"""The library's pages. Each takes JSON, sends an event and answers at once."""

import json

import inngest
from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from legacy_django.loans.inngest_client import client
from legacy_django.members.tasks import members_client
from legacy_django.reports.tasks import reports_client


def health(_request: HttpRequest) -> JsonResponse:
    return JsonResponse({"ok": True})


@csrf_exempt
def lend(request: HttpRequest) -> JsonResponse:
    ids = client.send_sync(inngest.Event(name="book/asked", data=json.loads(request.body)))
    return JsonResponse({"accepted": len(ids)}, status=202)


@csrf_exempt
def bring_back(request: HttpRequest, loan: str) -> JsonResponse:
    back = {"loan": loan, **json.loads(request.body)}
    events = [inngest.Event(name="book/returned", data=back)]
    if back["days"] > 28:
        events.append(inngest.Event(name="fine/due", data=back))
    return JsonResponse({"accepted": len(client.send_sync(events))}, status=202)


@csrf_exempt
def join(request: HttpRequest) -> JsonResponse:
    """New members come in families."""
    ids = members_client.send_sync(
        [
            inngest.Event(name="member/joined", data={"member": name})
            for name in json.loads(request.body)
        ]
    )
    return JsonResponse({"accepted": len(ids)}, status=202)


@csrf_exempt
def close(_request: HttpRequest, member: str) -> JsonResponse:
    ids = members_client.send_sync(inngest.Event(name="member/left", data={"member": member}))
    return JsonResponse({"accepted": len(ids)}, status=202)


@csrf_exempt
def ask_for_report(_request: HttpRequest, month: str) -> JsonResponse:
    ids = reports_client.send_sync(inngest.Event(name="report/asked", data={"month": month}))
    return JsonResponse({"accepted": len(ids)}, status=202)
