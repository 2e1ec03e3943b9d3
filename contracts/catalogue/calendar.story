# A chain with a test clock: days go forward, never back; weekends and published days off are no business days.
firm a: role user
day 2022-06-30

ask calendar.business_day_from 2022-10-01
----
result 2022-10-03

# The State Council's notice for 2022: 1 to 7 October off, the 8th and 9th are worked.
supervisor  calendar.publish 2022 days_off=[2022-10-03, 2022-10-04, 2022-10-05, 2022-10-06, 2022-10-07] work_days=[2022-10-08, 2022-10-09] notice=@notice-2022
----
years 2022: days_off=[2022-10-03, 2022-10-04, 2022-10-05, 2022-10-06, 2022-10-07] work_days=[2022-10-08, 2022-10-09] notice=@notice-2022
event Published year=2022 notice=@notice-2022

ask calendar.business_day_from 2022-10-01
----
result 2022-10-08

ask calendar.business_day_before 2022-10-08
----
result 2022-09-30

supervisor  calendar.publish 2023 days_off=[2022-12-31] work_days=[] notice=@notice-2023
----
refused CAL-003 day=2022-12-31 year=2023: 日期 2022-12-31 不在 2023 年 | 2022-12-31 is not in 2023

a  calendar.publish 2023 days_off=[] work_days=[] notice=@notice-2023
----
refused AUTH-004 needed=supervisor organisation=a: 需要角色 supervisor，a 没有 | needs the role supervisor, a does not have it

operator  calendar.step 2022-07-01
----
clock clock: offset=1
event Stepped day=2022-07-01

operator  calendar.step 2022-06-30
----
refused CAL-002 today=2022-07-01 day=2022-06-30: 日期只能向后：今日 2022-07-01，目标 2022-06-30 | days go forward: 2022-07-01 to 2022-06-30

a  calendar.step 2022-07-02
----
refused AUTH-004 needed=operator/supervisor organisation=a: 需要角色 operator/supervisor，a 没有 | needs the role operator/supervisor, a does not have it

ask calendar.today
----
result 2022-07-01
