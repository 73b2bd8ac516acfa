"""A hint to the processor that a row will be needed soon."""

from collections.abc import Callable
from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba.core import cgutils, types
from numba.extending import intrinsic

_FOR_READING, _KEEP_IN_ALL_CACHES, _DATA = 0, 3, 1


def _prefetch(typing_context: Any, rows: Any, row: Any) -> tuple[Any, Callable[..., Any]]:
    """Ask for the cache line where ``rows[row]`` begins; no effect but on speed."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        index = context.cast(builder, arguments[1], signature.args[1], types.intp)
        item_pointer: Any = cgutils.get_item_pointer
        address = item_pointer(context, builder, signature.args[0], array, [index])
        byte, word = ir.IntType(8).as_pointer(), ir.IntType(32)
        hint = builder.module.declare_intrinsic("llvm.prefetch", [byte], ir.FunctionType(ir.VoidType(), [byte, word, word, word]))
        flags = [ir.Constant(word, value) for value in (_FOR_READING, _KEEP_IN_ALL_CACHES, _DATA)]
        builder.call(hint, [builder.bitcast(address, byte), *flags])
        return context.get_dummy_value()

    return types.void(rows, row), generate


prefetch: Any = intrinsic(_prefetch)
