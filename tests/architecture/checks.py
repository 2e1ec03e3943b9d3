"""All checks by name, in the order in which a reader would want to see their findings."""

from collections.abc import Callable, Iterator, Mapping

from tests.architecture import arrows, purity, tidy
from tests.architecture.source import Finding, Tree

Check = Callable[[Tree], Iterator[Finding]]

CHECKS: Mapping[str, Check] = {
    check.__name__: check
    for check in (
        arrows.arrows_between_packages,
        arrows.libraries_allowed,
        arrows.catalogue_imports_the_sdk_alone,
        arrows.actors_know_boxes_not_each_other,
        arrows.ground_floor_in_order,
        arrows.no_cycles,
        purity.no_forbidden_modules,
        purity.no_forbidden_calls,
        purity.no_async,
        purity.no_floats,
        purity.no_set_order,
        tidy.no_left_overs,
        tidy.no_index_address,
        tidy.no_workplace_path,
        tidy.no_blind_except,
        tidy.no_sleep_in_tests,
        tidy.no_skipped_tests,
        tidy.files_short,
        tidy.functions_short,
        tidy.no_dead_modules,
        tidy.libraries_declared,
    )
}
