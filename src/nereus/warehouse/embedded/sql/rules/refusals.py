"""Why functions of Doris are refused, and what to write instead."""

from __future__ import annotations

import re

from nereus.warehouse.embedded.sql.registry import REFUSED
from nereus.warehouse.embedded.sql.rules.builtins import NAMES

#: Pattern of names -> reason; the first that matches a name counts.
_REASONS: tuple[tuple[str, str], ...] = (
    (
        r"hll_(to|from)_base64",
        "the order of hashes in Doris' bytes is not reproduced.",
    ),
    (
        r"percentile_approx_weighted|percentile_reservoir|quantile_.*|to_quantile_state",
        "the estimate of Doris' digest is not reproduced. Write percentile(x, p).",
    ),
    (
        r"orthogonal_bitmap.*",
        "its answer depends on how rows are spread over a cluster. Write bitmap_union_count or intersect_count.",
    ),
    (r"bitmap_(to|from)_base64", "the bytes of a roaring bitmap are not reproduced. Write bitmap_to_string(b)."),
    (r"topn_weighted|.*histogram|hist|count_by_enum", "its text or estimate is not reproduced."),
    (r"corr_welford", "its last digits depend on the order of rows in another way than Doris'."),
    (r"st_.*", "there is no geometry."),
    (r"ai_.*|embed", "it would call a language model."),
    (r".*distance.*|inner_product.*", "vector search is not implemented."),
    (r"(pos)?explode.*", "it stands in LATERAL VIEW only."),
    (
        r"numbers|s3|hdfs|file|local|query|http_stream|jobs|tasks|mv_infos|partitions|partition_values|catalogs"
        r"|backends|frontends.*|.*_meta|group_commit",
        "it is no function of values: it stands in FROM only.",
    ),
    (r"(aes|sm4)_.*|(un)?compress|sm3.*|password|xxhash.*", "its bytes are not reproduced."),
    (r"dict_get.*", "there are no dictionaries."),
    (r"sleep", "it would hold a thread of the warehouse."),
    (r"tokenize|score|esquery|multi_match.*|multi_search.*|ngram_search", "there is no inverted index. Write LIKE."),
    (r".*ipv[46].*|inet.*|is_ip.*", "addresses of type IPV4 and IPV6 are not implemented."),
    (
        r"array_union|array_intersect",
        "the order of its elements is that of a hash table. Write array_distinct(array_concat(a, b)),"
        " or array_filter(x -> array_contains(b, x), a).",
    ),
    (r"array_shuffle|shuffle", "its order is random."),
    (r"array_(split|reverse_split|zip|apply|enumerate_uniq)", "it is not implemented."),
    (r"json_search", "the order of several matches is not certain. Extract values with json_extract_string."),
    (r"variant_type", "there are no variants."),
    (r"auto_partition_name", "it answers from the cluster."),
    (r"time|to_time", "values of type TIME are not implemented."),
    (r"xpath_string|parse_url|extract_url_parameter|.*domain.*|url_.*|protocol", "URLs and XML are not implemented."),
)


def fill() -> None:
    """Register the reasons; a rule that is registered goes first."""
    for name in NAMES:
        for pattern, reason in _REASONS:
            if re.fullmatch(pattern, name):
                REFUSED[name] = reason
                break


fill()
