"""Which functions each endpoint serves. A function that is not listed here does not run."""

from legacy_fastapi.background.catalogue import import_catalogue
from legacy_fastapi.background.exports import EXPORTS
from legacy_fastapi.background.photos import resize_photo
from legacy_fastapi.local import hello_local, rehearse_order
from legacy_fastapi.mail import ask_for_review, send_receipt, welcome_readers
from legacy_fastapi.orders import audit_order, place_order
from legacy_fastapi.payments import charge_card, refund_order
from legacy_fastapi.stock import count_stock, restock_alert

FUNCTIONS = [
    place_order,
    charge_card,
    refund_order,
    send_receipt,
    ask_for_review,
    welcome_readers,
    restock_alert,
    count_stock,
]

BACKGROUND_FUNCTIONS = [resize_photo, import_catalogue, *EXPORTS]

LOCAL_FUNCTIONS = [hello_local, rehearse_order, audit_order]
