# Two firms keep evidence of a delivery note; nobody keeps the same file twice.
firm mill, port: role subject                      # 钢厂, 港口
day 2022-06-30

mill  archive.keep @note "Delivery note 7"
----
kept k1: file=@note title="Delivery note 7" organisation=mill person=mill day=2022-06-30 time=1656550801000 height=1
known @note mill: evidence=k1
event Kept evidence=k1 organisation=mill file=@note

mill  archive.keep @note "Delivery note 7, again"
----
refused ARC-002 organisation=mill evidence=k1: 该文件已由 mill 存证：k1 | mill has brought this file before: k1

mill  archive.keep @other ""
----
refused ARC-001 limit=200: 标题应为 1 至 200 字 | a title has 1 to 200 characters

nobody  archive.keep @other "Not a member's"
----
refused AUTH-001 key=nobody: 密钥 nobody 未登记 | key nobody is not registered

# Another firm may bring the same file: that both have it is evidence too.
day 2022-07-01

port  archive.keep @note "Note of what the mill delivered"
----
kept k2: file=@note title="Note of what the mill delivered" organisation=port person=port day=2022-07-01 time=1656637206000 height=6
known @note port: evidence=k2
event Kept evidence=k2 organisation=port file=@note

mill  archive.keep_many [(@one, "Photo 1"), (@two, "Photo 2")]
----
kept k3: file=@one title="Photo 1" organisation=mill person=mill day=2022-07-01 time=1656637207000 height=7
kept k4: file=@two title="Photo 2" organisation=mill person=mill day=2022-07-01 time=1656637207000 height=7
known @one mill: evidence=k3
known @two mill: evidence=k4
event Kept evidence=k3 organisation=mill file=@one
event Kept evidence=k4 organisation=mill file=@two

mill  archive.keep_many [(@three, "Photo 3"), (@one, "Photo 1")]
----
refused ARC-002 organisation=mill evidence=k3: 该文件已由 mill 存证：k3 | mill has brought this file before: k3

mill  archive.keep_many []
----
refused ARC-003 count=0 limit=500: 共 0 份，应为 1 至 500 份 | 0 files, 1 to 500 are possible

ask archive.found @note
----
result [(k1, {file=@note title="Delivery note 7" organisation=mill person=mill day=2022-06-30 time=1656550801000 height=1}), (k2, {file=@note title="Note of what the mill delivered" organisation=port person=port day=2022-07-01 time=1656637206000 height=6})]

ask archive.found @three
----
result []

ask archive.brought_by port
----
result [(k2, {file=@note title="Note of what the mill delivered" organisation=port person=port day=2022-07-01 time=1656637206000 height=6})]

ask archive.certificate k1
----
result {file=@note title="Delivery note 7" organisation=mill person=mill day=2022-06-30 time=1656550801000 height=1}
