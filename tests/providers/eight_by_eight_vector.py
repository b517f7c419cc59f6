"""A webhook signed elsewhere, with a key thrown away since: what we build has to fit it."""

from __future__ import annotations

from handoff.exchange import Inbound

SENT = 1795255575388
BODY = (
    '{"eventType":"MESSAGE","conversationId":"Wq7ZkT2mRcyXh0","timestamp":1795255575120,'
    '"data":{"isEcho":false,"sender":{"id":"agKp3vW9tYQ","type":"agent"},'
    '"text":"Hi Mara – I can see the sofa order. Which leg arrived damaged?"}}'
)
PAYLOAD = (
    b'{"checksum":560825579,"cid":"larkfield-cust-77","eid":"eV5nB2xQTiKd0aYf","retry":0,'
    b'"tid":"larkfieldcc01","tt":1795255575388}'
)
KEY = {
    "kty": "RSA",
    "e": "AQAB",
    "kid": "kLrk-7f3a",
    "n": "rNbN1ZRWspU51TK5RHjj6xz7ZVV6H8cRQ_HhIblmypI5fdmX5-bAVUJ9NedYG7kUXqNkN9EKUHoJPDqXtMK8IGu0"
    "ZxcSgx3w1msed52UBKC7yauDJtss2IJBx3LenIcI2RWOop9B2-4rfiSPXCNeqpK-X05OF8vBgE7bcSn-gbIMW6ngxNhu"
    "-pNPfCRJBID53SYW3HCtZkjWkZZWTjQ0H16XooCswSedfzGN8iUT2lOO-4Om3xwk9uiiM6X7sQWx_ukmV7-Ip82Gdv1a"
    "5xD0a5YfINmm5BPaQW8jKBmhkcPYZJk8oTaYJHK4boH97a9fkvuxG09MsyFd9JVh19l-1w",
}
SIGNATURE = (
    "eyJiNjQiOmZhbHNlLCJjcml0IjpbImI2NCJdLCJraWQiOiJrTHJrLTdmM2EiLCJhbGciOiJSUzI1NiJ9.."
    "bfJr0Hrf8olK9zJiErgsVHIQ5gXKywd-uNj5ZUjEKFtLJkoHg1ekxIqaopbSsN-XcWLmfulg5eiVo7caOKDHgzWimFZA"
    "GRFEf_wzsV_D6UTRutTcg1oGXbcfaxqm1nSt2oxg_U1Vl3qjnmO4q-ndU19gFbZN3r9MkzejktL16X17FdeDrV-M9ghP"
    "89-hnyZiw4_J9-Gh4HBdDisV09MZd5lGtq95fUJFjcIOfKR3zdDtH7iW0ZBGwAX2Dv5jJT2k5ucr6Z4GQ6vtzk3Zxxd3"
    "W2DC-NvQFBWxjTL-AdrnQ_J6tf9ythL2od6NjTm8Ebqp3gkTP5gP6Xroutd70yb8TA"
)
REQUEST = Inbound(
    method="POST",
    path="/8x8",
    headers={
        "x-8x8-tenant-id": "larkfieldcc01",
        "x-8x8-customer-id": "larkfield-cust-77",
        "x-8x8-event-id": "eV5nB2xQTiKd0aYf",
        "x-8x8-transmission-time": str(SENT),
        "x-8x8-retry": "0",
        "x-8x8-signature": SIGNATURE,
    },
    body=BODY.encode(),
)
