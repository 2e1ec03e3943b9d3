"""What did not hold, said in Chinese: the details that proofs, files and nodes fail with.

A detail is written once, in English, where the fault is found; a verifier that only checks carries no texts. Whoever
shows it to a Chinese reader asks `in_chinese`. A row of the table is the English detail with a place `{}` for each word
or number that varies (`{*}`, at most one and at the end, for the rest of the line, itself a detail), and the Chinese
one with the numbers of the places. A test reads the sources and demands a row for every detail that they make.

A detail that stands nowhere stays as it is: a node of another release may say what this one does not know.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

DEPTH_MAX: Final = 6
DETAIL_CHARACTERS_MAX: Final = 4_000
_PLACE: Final = re.compile(r"\{\*?\}")
_NUMBERED: Final = re.compile(r"\{(\d)\}")
_ROWS: Final = """
a bitmap of {} bytes for {} validators = {1} 个验证人的位图有 {0} 字节
validator {} of {} = 共 {1} 个验证人，没有第 {0} 个
{} signatures for {} validators, {} needed = {1} 个验证人有 {0} 个签名，需要 {2} 个
a certificate of engine {}, the genesis says {} = 证书的共识引擎为 {0}，创世文件为 {1}
a certificate of chain {}, not {} = 证书属于链 {0}，不是 {1}
height {} was certified by other validators = 高度 {0} 由其他验证人签认
validator {}: {*} = 验证人 {0}：{1}
another encoding of the same value, or bytes after it = 同一值的另一种编码，或其后有多余字节
arrays nested deeper than {} = 数组嵌套超过 {0} 层
no value of the profile in definite lengths = 不是规定格式的值
an indefinite length = 长度不定
maps and tags are not allowed = 不允许映射和标签
key {}, hash {}, signature {} bytes; 32, 32, 64 expected = 密钥 {0}、散列 {1}、签名 {2} 字节，应为 32、32、64
not an Ed25519 key of the prime-order group = 不是有效的 Ed25519 公钥
the signature does not belong to this key and these bytes = 签名与密钥、内容不符
the ciphertext was changed or the key is another = 密文已被改动，或密钥不对
the certificate is of height {}, not {} = 证书属于高度 {0}，不是 {1}
height {} does not come after the change before it = 高度 {0} 不在前一次变更之后
the certificate of height {} names other validators = 高度 {0} 的证书所列验证人不同
the header is of height {}, chain {} = 区块头属于高度 {0}、链 {1}
the interface is of contract {}, not {} = 接口属于合约 {0}，不是 {1}
no proven header of height {} = 高度 {0} 的区块头未得到证明
the transaction is no byte string = 交易不是字节串
transaction {} is not in the block of height {} = 交易 {0} 不在高度 {1} 的区块中
the transaction was signed for another chain = 交易是为另一条链签名的
the receipt is no byte string = 回执不是字节串
the receipt is not among those of height {} = 回执不在高度 {0} 的回执之中
a key without contract and map = 键中没有合约和表
the file is of chain {}, the genesis of {} = 文件属于链 {0}，创世文件是链 {1}
height {} of {}, {} peaks, {} expected = 高度 {0}（共 {1}）有 {2} 个峰，应为 {3} 个
{} siblings, {} expected = 路径有 {0} 个邻节点，应为 {1} 个
height {} is not under its peak = 高度 {0} 不在其峰之下
a key of {} with {} bytes = {0} 的键有 {1} 字节
leaf {} of {} = 共 {1} 片叶，没有第 {0} 片
the path ends below the root, {} nodes wide = 路径止于根之下，该层宽 {0}
level {} has {} siblings, {} of {} bytes expected = 第 {0} 层有 {1} 个邻节点，应为 {2} 个、各 {3} 字节
the path goes on above the root at level {} = 路径在第 {0} 层越过了根
a hash of {} bytes, {} expected = 散列有 {0} 字节，应为 {1}
a history of {} heights under a certificate of height {} = 高度 {1} 的证书之下有 {0} 个高度的历史
the history path leads to another root = 历史路径导向另一个根
the height is not the certified one = 高度与签认的不符
the block hash is not the certified one = 区块散列与签认的不符
the state root is not the certified one = 状态根与签认的不符
the receipts root is not the certified one = 回执根与签认的不符
{} bytes that are no point of SM2's curve = {0} 字节不是 SM2 曲线上的点
a signature of {} bytes, {} expected = 签名有 {0} 字节，应为 {1}
r and s are numbers from 1 to n − 1 = 签名中的 r、s 超出范围
the proof of {} leads to another state root = {0} 的证明导向另一个状态根
the state holds nothing at {} = 状态中 {0} 处没有内容
the state holds another value at {} = 状态中 {0} 处是另一个值
{} levels, {} expected = 证明有 {0} 层，应为 {1} 层
the page's keys do not ascend = 页内的键没有升序排列
fork at bit {} does not lead from the key to the entry = 第 {0} 位的分叉没有从键导向该项
the events end before height {} = 事件在高度 {0} 之前结束
the events of heights {} to {} do not come to an end = 高度 {0} 至 {1} 的事件没有结束
answered for height {}, not {} = 回答的是高度 {0}，不是 {1}
states of other transactions than asked for = 回答的不是所问的交易
no node is configured = 没有配置节点
not JSON = 不是 JSON
not UTF-8 = 不是 UTF-8 文本
nodes, identity, language = nodes、identity、language 的内容不对
ids = ids 的内容不对
rows = rows 的内容不对
more than {} bytes = 超过 {0} 字节
the secret is not this public key's = 私钥与公钥不符
suite is not one of {*} = 套件不是 {0} 之一
kdf n is {}, a power of two from {} to {} expected = kdf 的 n 为 {0}，应为 {1} 至 {2} 之间的 2 的幂
kdf r is {} (8 to {}), p is {} (1 to {}) = kdf 的 r 为 {0}（8 至 {1}），p 为 {2}（1 至 {3}）
kdf takes {} bytes, at most {} = kdf 需要 {0} 字节内存，上限 {1}
{} is missing or of the wrong type = 缺少 {0}，或其类型不对
{} is not {} bytes in hexadecimal = {0} 不是 {1} 字节的十六进制
{} is not {} = {0} 不是 {1}
{} words, {} expected = 共 {0} 个词，应为 {1} 个
checksum = 校验和不符，可能抄错或次序不对
unknown word = 有不在词表中的词
an answer packed as {} = 回答以 {0} 压缩
{} answers for {} transactions = {1} 笔交易有 {0} 个回答
HTTP {} = HTTP 状态 {0}
an answer of more than {} bytes = 回答超过 {0} 字节
a line of more than {} bytes = 一行超过 {0} 字节
{}, yet with a reason = 回答为 {0}，却带有原因
{}, yet without a reason = 回答为 {0}，却没有原因
a refusal of a form that no node sends: {*} = 节点不会发出的拒绝：{0}
not a {}: {*} = 不是 {0}：{1}
neither JSON nor, by its name, CSV = 不是 JSON，文件名也不是 .csv
not a list = 不是清单
an item is an object, or a row of a table with a head = 每一笔应为对象，或有表头的一行
not a list of {}: {*} = 不是 {0} 的列表：{1}
not a lugang-draft {} = 不是第 {0} 版待签文件
the sentence is not the one whose digest is to be signed = 文中的语句与要签署的摘要不符
a signature of {}, who is not asked to sign = {0} 的签名不在签名人之列
interface {} of {} is not the registered one = {1} 的接口 {0} 不是链上登记的接口
contract {} has number {}, not {} = 合约 {0} 的编号为 {1}，不是 {2}
{} does not register its own interface = {0} 没有登记自己的接口
the act of {} has another digest = 待复核事项 {0} 的内容摘要不符
a freshness answer by a key that is no validator's = 当场签认所用密钥不属于任何验证人
a freshness answer of another height than its certificate = 当场签认的高度与其证书不符
another block {} was certified before: two histories were signed = 此前签认过另一个高度 {0} 的区块：验证人签署了两份历史
the history does not contain the height {} that was seen before = 历史中没有此前见过的高度 {0}
the history that was seen before contains another height {} = 此前见过的历史中，高度 {0} 的内容不同
the receipt is not in its block = 回执不在其区块中
transactions or receipts are not the certified ones = 交易或回执与签认的不符
height {} was proven, {} was asked for = 证明的是高度 {0}，所问为 {1}
final, yet without receipt or proof = 回答为已最终确认，却没有回执或证明
the receipt of another transaction than {} = 不是交易 {0} 的回执
other keys were answered than asked for = 回答的不是所问的键
the interface of {} under a wrong digest or name = {0} 的接口，摘要或名称不对
another interface than {} of {} = 不是 {1} 的接口 {0}
a certificate of {} for height {} = 高度 {1} 却附高度 {0} 的证书
certificate: {*} = 证书：{0}
height {}: {*} = 高度 {0}：{1}
receipt {}: {*} = 回执 {0}：{1}
block {}: {*} = 区块 {0}：{1}
interface {}: {*} = 接口 {0}：{1}
interface of {}: {*} = {0} 的接口：{1}
freshness: {*} = 当场签认：{0}
value {}: {*} = 值 {0}：{1}
more than {} new ids = 新编号超过 {0} 个
{} is ordered by {} parts = {0} 按 {1} 个字段排序
a scan's limit is 1 to {} = 一次读取的行数应为 1 至 {0}
a key of {} has {} bytes = {0} 的键有 {1} 字节
interface {} = 接口 {0}
an integer beyond 256 bits = 整数超过 256 位
{} bytes are stored or announced, at most {} = 存储或公告 {0} 字节，上限 {1}
more than {} bytes are returned or digested = 返回或取摘要的内容超过 {0} 字节
a tuple is nested too deeply = 数组嵌套过深
a tuple is too large = 数组过大
a dict is too large = 字典过大
+ makes too large a value = 相加所得的值过大
join makes too large a value = 连接所得的值过大
range has more than {} items = range 超过 {0} 项
a value of another type was expected = 值的类型不对
division by zero = 除数为零
no such item = 没有该项
query: there is no parameter {} = 查询参数：没有 {0}
args: a CBOR array expected = args 应为 CBOR 数组
from: a cursor is a height, or height.index.n = from 应为高度，或 高度.序号.n
this node serves its own machine, not {} = 本节点只服务本机，不服务 {0}
{}: {} bytes in lower-case hexadecimal expected = {0} 应为 {1} 字节的小写十六进制
the request body = 请求正文
bytes of requests = 请求字节
views at one time = 同时查询
event streams = 事件流
block {} = 区块 {0}
the certificate of height {} = 高度 {0} 的证书
ordering has not answered in time = 排序组件未及时应答
the pool has not answered in time; submitting again is safe = 交易池未及时应答；可放心重新提交
{} signatures in {} bytes = {1} 字节中有 {0} 个签名
{} signers, at most {} = {0} 个签名人，上限 {1}
the body is not an array of 9 = 正文不是 9 项的数组
version {}, {} expected = 版本为 {0}，应为 {1}
chain is not 32 bytes = 链标识不是 32 字节
the signers do not match the signatures = 签名人与签名不符
a signer's key is not {} bytes = 签名人公钥不是 {0} 字节
a signer stands twice = 签名人重复
salt is not 16 bytes = 盐值不是 16 字节
valid_until is not a time in milliseconds = 有效期不是毫秒时间
contract and action are short ASCII names = 合约和操作应为简短的 ASCII 名称
args is not an array = 参数不是数组
summary is not an array of 3 = 摘要不是 3 项的数组
the summary's language is zh or en = 摘要的语言应为 zh 或 en
the summary's digests are 32 bytes = 摘要的散列应为 32 字节
zh or en expected, not {} = 应为 zh 或 en，不是 {0}
1 to 40 of a-z A-Z 0-9 . _ - expected = 应为 1 至 40 个字母、数字或 . _ -
2 or more of a-z 0-9 - expected = 应为至少 2 个小写字母、数字或 -
a public key in hexadecimal expected = 应为十六进制的公钥
it goes with --draft = 须与 --draft 同用
at least one of them expected = 至少给出其中之一
given twice, {*} = 重复给出，{0}
a voucher of nothing = 面额不能为零
it cannot be read = 无法读取
not an amount in yuan = 不是以元为单位的金额
less than nothing = 金额不能为负
more than two decimals = 小数不能超过两位
no day, or none of the calendar = 不是日期，或没有这一天
no time, or none of the calendar = 不是时间，或没有这一时刻
not a rate = 不是利率
not a whole number = 不是整数
neither yes nor no = 既不是 yes 也不是 no
not one of the choices = 不在可选之列
not hexadecimal = 不是十六进制
not of this form = 格式不对
{} characters, at most {} = 共 {0} 个字符，最多 {1} 个
{} items, at most {} = 共 {0} 项，最多 {1} 项
{} bytes, at most {} = 共 {0} 字节，最多 {1} 字节
{} > {} = {0} 字节，最多 {1} 字节
[Errno {}] {*} = {1}
No such file or directory = 文件或目录不存在
Permission denied = 没有权限
Operation not permitted = 没有权限
Is a directory = 是目录
Not a directory = 不是目录
File exists = 已存在
No space left on device = 磁盘已满
Read-only file system = 文件系统只读
OS = 系统错误
Connection refused = 连接被拒绝，节点没有运行或端口不对
Connection reset by peer = 连接被对方中断
Network is unreachable = 网络不通
No route to host = 无法到达该主机
Name or service not known = 找不到该主机
Temporary failure in name resolution = 暂时无法解析主机名
timed out = 超时
Server disconnected without sending a response = 对方未应答即断开
Request URL is missing an 'http://' or 'https://' protocol = 网址缺少 http:// 或 https://
Request URL has an unsupported protocol {} = 网址的协议 {0} 不受支持
"""


@cache
def _table() -> tuple[tuple[re.Pattern[str], str], ...]:
    rows = (row.split(" = ", 1) for row in _ROWS.strip().splitlines())
    return tuple((_pattern(english), chinese) for english, chinese in rows)


def _pattern(english: str) -> re.Pattern[str]:
    # A place is one word, so that no text makes the search slow, however it is written.
    places = iter(r"(?P<rest>.+)" if place == "{*}" else r"(\S+)" for place in _PLACE.findall(english))
    return re.compile("".join(re.escape(part) + next(places, "") for part in _PLACE.split(english)), re.DOTALL)


def in_chinese(detail: str, depth: int = DEPTH_MAX) -> str:
    """The detail in Chinese, as far as it is known; also each of several between semicolons, and the one behind whose
    it is (`http://…: timed out`)."""
    if not depth or len(detail) > DETAIL_CHARACTERS_MAX:
        return detail
    for pattern, chinese in _table():
        found = pattern.fullmatch(detail)
        if found is not None:
            return _filled(chinese, found, depth)
    if "; " in detail:
        parts = detail.split("; ")
        each = [in_chinese(part, depth - 1) for part in parts]
        return detail if each == parts else "；".join(each)
    head, colon, tail = detail.partition(": ")
    said = in_chinese(tail, depth - 1) if colon else tail
    return detail if said == tail else f"{head}：{said}"


def _filled(chinese: str, found: re.Match[str], depth: int) -> str:
    places = list(found.groups())
    if "rest" in found.groupdict():
        places[-1] = in_chinese(places[-1], depth - 1)
    return _NUMBERED.sub(lambda place: places[int(place[1])], chinese)
