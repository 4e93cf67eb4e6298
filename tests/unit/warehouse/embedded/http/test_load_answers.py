"""The JSON that a load answers with, field by field as Doris writes it."""

import json

from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.http.answers import LoadReport, RestCode, rest, rest_failed
from nereus.warehouse.embedded.http.failures import LoadFailed, from_doris, not_found
from nereus.warehouse.embedded.write.labels import LabelUsed

FIELDS = [
    "TxnId",
    "Label",
    "Comment",
    "TwoPhaseCommit",
    "Status",
    "Message",
    "NumberTotalRows",
    "NumberLoadedRows",
    "NumberFilteredRows",
    "NumberUnselectedRows",
    "LoadBytes",
    "LoadTimeMs",
    "BeginTxnTimeMs",
    "StreamLoadPutTimeMs",
    "ReadDataTimeMs",
    "WriteDataTimeMs",
    "ReceiveDataTimeMs",
    "CommitAndPublishTimeMs",
]


def body(response):
    return json.loads(response.body)


def test_a_success_has_doris_fields_in_doris_order():
    report = LoadReport("l1", txn_id=7, total_rows=3, loaded_rows=2, filtered_rows=1)
    fields = json.loads(report.text())
    assert list(fields) == FIELDS
    assert (fields["Status"], fields["Message"], fields["TxnId"], fields["TwoPhaseCommit"]) == (
        "Success",
        "OK",
        7,
        "false",
    )
    assert report.text().startswith('{\n    "TxnId": 7,\n')
    assert report.text().endswith("}\n")
    assert report.succeeded


def test_a_failure_says_why_and_where_the_rows_are():
    failure = LoadFailed("DATA_QUALITY_ERROR", "too many filtered rows")
    report = LoadReport("l1", failure=failure, error_url="http://h/api/x", first_error="bad")
    fields = json.loads(report.text())
    assert list(fields) == [*FIELDS, "ErrorURL", "FirstErrorMsg"]
    assert (fields["Status"], fields["Message"]) == ("Fail", "[DATA_QUALITY_ERROR]too many filtered rows")
    assert (fields["TxnId"], report.succeeded) == (-1, False)


def test_a_used_label_names_the_state_of_the_other_load():
    running = from_doris(LabelUsed("l1", 9, running=True))
    done = from_doris(LabelUsed("l1", 9, running=False))
    for failure, status in ((running, "RUNNING"), (done, "FINISHED")):
        fields = json.loads(LoadReport("l1", failure=failure).text())
        assert fields["Status"] == "Label Already Exists"
        assert fields["ExistingJobStatus"] == status
        assert "Label [l1] has already been used, relate to txn [9]" in fields["Message"]
        assert list(fields)[4:6] == ["Status", "ExistingJobStatus"]


def test_errors_of_other_parts_keep_their_text():
    assert from_doris(DorisError("no such thing")).message == (
        "[ANALYSIS_ERROR]TStatus: errCode = 2, detailMessage = no such thing"
    )
    assert "the embedded warehouse refuses hll()" in from_doris(Refused("hll()")).message
    assert not_found("unknown database, database=x").message == (
        "[NOT_FOUND]TStatus: errCode = 7, detailMessage = unknown database, database=x"
    )


def test_text_that_is_not_ascii_is_kept():
    assert json.loads(LoadReport("lädt", comment='"quoted"\n').text())["Comment"] == '"quoted"\n'
    assert "lädt" in LoadReport("lädt").text()


def test_the_envelope_has_four_fields_and_http_status_200():
    response = rest(RestCode.UNAUTHORIZED, "Need auth information.")
    assert response.status == 200
    assert body(response) == {"msg": "Unauthorized", "code": 401, "data": "Need auth information.", "count": 0}
    assert body(rest(RestCode.OK)) == {"msg": "success", "code": 0, "data": None, "count": 0}
    assert body(rest_failed("There is no 100-continue header")) == {
        "status": "FAILED",
        "msg": "There is no 100-continue header",
    }
