"""The names of all functions of Doris 4.0, and what the embedded warehouse makes of each."""

from __future__ import annotations

from nereus.warehouse.embedded.errors import DorisError, Refused
from nereus.warehouse.embedded.sql import registry

_LISTED = """
abs acos acosh add_months adddate aes_decrypt aes_encrypt ai_agg ai_classify ai_extract ai_filter ai_fixgrammar
ai_generate ai_mask ai_sentiment ai_similarity ai_summarize ai_translate any any_value
append_trailing_char_if_absent approx_count_distinct array array_agg array_apply array_avg array_compact
array_concat array_contains array_contains_all array_count array_cum_sum array_difference array_distinct
array_enumerate array_enumerate_uniq array_except array_exists array_filter array_first array_first_index
array_flatten array_intersect array_join array_last array_last_index array_map array_match_all array_match_any
array_max array_min array_popback array_popfront array_position array_product array_pushback array_pushfront
array_range array_remove array_repeat array_reverse_sort array_reverse_split array_shuffle array_size array_slice
array_sort array_sortby array_split array_sum array_union array_with_constant array_zip arrays_overlap ascii asin
asinh atan atan2 atanh auto_partition_name avg avg_weighted backends bin bit_count bit_length bit_shift_left
bit_shift_right bit_test bit_test_all bitmap_agg bitmap_and bitmap_and_count bitmap_and_not bitmap_and_not_count
bitmap_andnot bitmap_andnot_count bitmap_contains bitmap_count bitmap_empty bitmap_from_array bitmap_from_base64
bitmap_from_string bitmap_has_all bitmap_has_any bitmap_hash bitmap_hash64 bitmap_intersect bitmap_max bitmap_min
bitmap_not bitmap_or bitmap_or_count bitmap_remove bitmap_subset_in_range bitmap_subset_limit bitmap_to_array
bitmap_to_base64 bitmap_to_string bitmap_union bitmap_union_count bitmap_union_int bitmap_xor bitmap_xor_count
bool_and bool_or bool_xor booland_agg boolor_agg boolxor_agg cardinality catalogs cbrt ceil ceiling char char_length
character_length coalesce collect_list collect_set compress concat concat_ws connection_id conv convert_to
convert_tz corr corr_welford cos cosh cosine_distance cot count count_by_enum count_substrings countequal covar
covar_pop covar_samp crc32 crc32_internal csc cume_dist curdate current_catalog current_date current_time
current_timestamp current_user curtime cut_ipv6 cut_to_first_significant_subdomain database date date_add
date_format date_sub date_trunc datediff datev2 day day_ceil day_floor dayname dayofmonth dayofweek dayofyear
days_add days_diff days_sub dceil decode_as_varchar degrees dense_rank dexp dfloor dict_get dict_get_many
digital_masking dlog1 dlog10 domain domain_without_www dow doy dpow dround dsqrt e element_at elt embed
encode_as_bigint encode_as_int encode_as_largeint encode_as_smallint ends_with esquery even exp explode
explode_bitmap explode_bitmap_outer explode_json_array_double explode_json_array_double_outer explode_json_array_int
explode_json_array_int_outer explode_json_array_json explode_json_array_json_outer explode_json_array_string
explode_json_array_string_outer explode_json_object explode_json_object_outer explode_map explode_map_outer
explode_numbers explode_numbers_outer explode_outer explode_split explode_split_outer explode_variant_array
extract_url_parameter field file find_in_set first_significant_subdomain first_value floor fmod format format_number
format_round fpow from_base64 from_days from_iso8601_date from_microsecond from_millisecond from_second
from_unixtime frontends frontends_disks g gcd get_json_bigint get_json_double get_json_int get_json_string greatest
group_array group_array_intersect group_bit_and group_bit_or group_bit_xor group_bitmap_xor group_commit
group_concat group_uniq_array grouping grouping_id hassubstr hdfs hex hist histogram hll_cardinality hll_empty
hll_from_base64 hll_hash hll_raw_agg hll_to_base64 hll_union hll_union_agg hour hour_ceil hour_floor hours_add
hours_diff hours_sub http_stream hudi_meta iceberg_meta if ifnull ignore inet6_aton inet6_ntoa inet_aton inet_ntoa
initcap inner_product inner_product_approximate instr int_to_uuid intersect_count ipv4_cidr_to_range
ipv4_num_to_string ipv4_string_to_num ipv4_string_to_num_or_default ipv4_string_to_num_or_null ipv4_to_ipv6
ipv6_cidr_to_range ipv6_from_uint128_string_or_null ipv6_num_to_string ipv6_string_to_num
ipv6_string_to_num_or_default ipv6_string_to_num_or_null is_ip_address_in_range is_ipv4_compat is_ipv4_mapped
is_ipv4_string is_ipv6_string isinf isnan jobs json_array json_array_ignore_null json_contains json_exists_path
json_extract json_extract_bigint json_extract_bool json_extract_double json_extract_int json_extract_isnull
json_extract_largeint json_extract_no_quotes json_extract_string json_insert json_keys json_length json_object
json_parse json_parse_error_to_null json_parse_error_to_value json_quote json_remove json_replace json_search
json_set json_type json_unquote json_valid jsonb_array jsonb_array_ignore_null jsonb_exists_path jsonb_extract
jsonb_extract_bigint jsonb_extract_bool jsonb_extract_double jsonb_extract_int jsonb_extract_isnull
jsonb_extract_largeint jsonb_extract_string jsonb_insert jsonb_keys jsonb_object jsonb_parse
jsonb_parse_error_to_null jsonb_parse_error_to_value jsonb_replace jsonb_set jsonb_type jsonb_valid kurt kurt_pop
kurtosis l1_distance l2_distance l2_distance_approximate lag last_day last_query_id last_value lcase lcm lead least
left length like linear_histogram ln local localtime localtimestamp locate log log10 log2 lower lpad ltrim ltrim_in
makedate map map_agg map_agg_v1 map_agg_v2 map_contains_entry map_contains_key map_contains_value map_entries
map_keys map_size map_values mask mask_first_n mask_last_n max max_by md5 md5sum median microsecond
microsecond_timestamp microseconds_add microseconds_diff microseconds_sub millisecond_timestamp milliseconds_add
milliseconds_diff milliseconds_sub min min_by minute minute_ceil minute_floor minutes_add minutes_diff minutes_sub
money_format month month_ceil month_floor monthname months_add months_between months_diff months_sub
multi_distinct_count multi_distinct_group_concat multi_distinct_sum multi_distinct_sum0 multi_match multi_match_any
multi_search_all_positions murmur_hash3_32 murmur_hash3_64 mv_infos named_struct ndv negative next_day ngram_search
non_nullable normal_cdf not_null_or_empty now nth_value ntile null_or_empty nullable nullif numbers nvl
orthogonal_bitmap_expr_calculate orthogonal_bitmap_expr_calculate_count orthogonal_bitmap_intersect
orthogonal_bitmap_intersect_count orthogonal_bitmap_union_count overlay paimon_meta parse_data_size parse_url
partition_values partitions password percent_rank percentile percentile_approx percentile_approx_weighted
percentile_array percentile_cont percentile_reservoir pi pmod posexplode posexplode_outer positive pow power
protocol quantile_percent quantile_state_empty quantile_union quarter quarter_ceil quarter_floor quarters_add
quarters_diff quarters_sub query quote radians rand random random_bytes rank regexp regexp_count regexp_extract
regexp_extract_all regexp_extract_or_null regexp_replace regexp_replace_one regr_intercept regr_slope repeat replace
replace_empty retention reverse right round round_bankers row_number rpad rtrim rtrim_in s3 schema score sec
sec_to_time second second_ceil second_floor second_timestamp seconds_add seconds_diff seconds_sub sequence
sequence_count sequence_match session_user sha sha1 sha2 shuffle sign signbit sin sinh size skew skew_pop skewness
sleep sm3 sm3sum sm4_decrypt sm4_encrypt soundex space split_by_char split_by_regexp split_by_string split_part sqrt
st_angle st_angle_sphere st_area_square_km st_area_square_meters st_asbinary st_astext st_aswkt st_azimuth st_circle
st_contains st_disjoint st_distance_sphere st_geometryfromtext st_geometryfromwkb st_geomfromtext st_geomfromwkb
st_intersects st_linefromtext st_linestringfromtext st_point st_polyfromtext st_polygon st_polygonfromtext
st_touches st_x st_y starts_with std stddev stddev_pop stddev_samp str_to_date str_to_map strcmp strleft strright
struct struct_element sub_bitmap sub_replace subdate substr substring substring_index sum sum0 tan tanh tasks time
time_to_sec timediff timestamp to_base64 to_bitmap to_bitmap_with_check to_date to_datev2 to_days to_ipv4
to_ipv4_or_default to_ipv4_or_null to_ipv6 to_ipv6_or_default to_ipv6_or_null to_iso8601 to_json to_monday
to_quantile_state tokenize top_level_domain topn topn_array topn_weighted translate trim trim_in truncate ucase
uncompress unhex unhex_null uniform unix_timestamp upper url_decode url_encode user utc_timestamp uuid uuid_numeric
uuid_to_int var_pop var_samp variance variance_pop variance_samp variant_type version week week_ceil week_floor
weekday weekofyear weeks_add weeks_diff weeks_sub width_bucket window_funnel xor xpath_string xxhash_32 xxhash_64
year year_ceil year_floor year_of_week years_add years_diff years_sub yearweek yow
"""

#: Function names that a Doris 4.0 frontend lists.
NAMES = frozenset(_LISTED.split())

#: Names that the grammar knows beside the listed ones.
GRAMMAR = frozenset(
    "date_ceil date_floor isnull mod position timestampadd timestampdiff".split()  # noqa: SIM905 - a list of words
)
#: Combinator behind an aggregate's name -> why it is refused.
_COMBINATORS = {
    **dict.fromkeys(
        ("state", "merge", "union"),
        "states of type AGG_STATE are not implemented. Keep bitmaps or HLLs, or aggregate the rows themselves.",
    ),
    **dict.fromkeys(
        ("foreach", "foreachv2"),
        "aggregates over the elements of arrays are not implemented. Unnest them with LATERAL VIEW posexplode"
        " and GROUP BY the position.",
    ),
}
#: Functions that the binder answers itself.
_BINDER = frozenset({"grouping", "grouping_id"})


def is_known(name: str) -> bool:
    """Whether Doris has a function of this name (any case)."""
    lowered = name.lower()
    return lowered in NAMES or lowered in GRAMMAR or is_equal(lowered)


def is_equal(name: str) -> bool:
    """Whether a rule answers it as Doris does."""
    lowered = name.lower()
    return lowered in _BINDER or any(
        lowered in table for table in (registry.FUNCTIONS, registry.AGGREGATES, registry.WINDOWS)
    )


def reason(name: str) -> str | None:
    """Why a function of Doris is refused; None where it is not."""
    lowered = name.lower()
    if is_equal(lowered) or not is_known(lowered):
        return None
    return registry.REFUSED.get(lowered, "no rule proves its results equal to Doris'")


def _combined(name: str) -> str | None:
    """Why an aggregate function with one of Doris' combinators behind its name is refused."""
    base, _, combinator = name.lower().rpartition("_")
    if base not in registry.AGGREGATES and base not in NAMES:
        return None
    return _COMBINATORS.get(combinator)


def refusal(name: str) -> DorisError:
    """The error for a call that no rule answers: Doris' own for an unknown name, else a refusal with its reason."""
    why = reason(name) or _combined(name)
    if why is None:
        return DorisError(f"Can not found function '{name}'")
    return Refused(f"the function {name.lower()}: {why}")
